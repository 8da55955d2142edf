import type { SqlRunner, SqlValue } from '@lakewright/core';

export type Rows = Record<string, unknown>[];

/**
 * Runs `work` between BEGIN and COMMIT of the one connection behind `send`; rolls back when it rejects, and
 * then throws what it threw. The runner is of no use after that.
 */
export async function runTransaction<T>(
  send: (text: string, params: readonly SqlValue[]) => Promise<Rows>,
  work: (tx: SqlRunner) => Promise<T>,
): Promise<T> {
  let open = true;
  const runner: SqlRunner = {
    async query<Row>(text: string, params: readonly SqlValue[] = []): Promise<Row[]> {
      if (!open) throw new Error('the transaction has ended: use its runner only inside its work');
      return (await send(text, params)) as Row[];
    },
  };
  await send('begin', []);
  try {
    const result = await work(runner);
    open = false;
    await send('commit', []);
    return result;
  } catch (error) {
    open = false;
    // When the connection is gone, the server rolls back by itself; what went wrong first is what counts.
    await send('rollback', []).catch(() => []);
    throw error;
  }
}
