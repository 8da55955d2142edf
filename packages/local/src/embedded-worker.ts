/** The thread in which the embedded PostgreSQL runs: it opens the database and answers calls in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, types } from '@electric-sql/pglite';
import type { SqlAnswer, SqlCall, SqlThreadData } from './sql-rpc.ts';

/** The catalog is small: the default of 128 MB of shared buffers would only make the process bigger. */
const SETTINGS = ['-c', 'shared_buffers=16MB', '-c', 'max_wal_size=128MB'];

const port = parentPort;
if (port === null) throw new Error('this module runs as a worker thread');
const { dir } = workerData as SqlThreadData;

/** How PostgreSQL begins the log line with which it gives up. */
const GIVES_UP = /^\S+ \S+ \S+ \[\d+\] (PANIC|FATAL): |^Aborted\(/;

const opened = PGlite.create({
  dataDir: dir,
  onStderr(line: string) {
    // After a panic (a full disk, under the write-ahead log) the program never returns: end the thread, whose
    // files are then recovered by the next one.
    if (GIVES_UP.test(line)) process.exit(1);
    return true;
  },
  startParams: [...PGlite.defaultStartParams, ...SETTINGS],
  parsers: { [types.INT8]: (text: string) => BigInt(text) },
});

async function answer(id: number, work: () => Promise<Record<string, unknown>[]>): Promise<void> {
  port?.postMessage(
    await work().then(
      (rows): SqlAnswer => ({ id, rows }),
      (error) => failure(id, error),
    ),
  );
}

function failure(id: number, error: unknown): SqlAnswer {
  const { message, code } = error as { message?: string; code?: unknown };
  return {
    id,
    error: { message: message ?? String(error), sqlState: typeof code === 'string' ? code : undefined },
  };
}

async function run(call: SqlCall): Promise<Record<string, unknown>[]> {
  const database = await opened;
  switch (call.kind) {
    case 'query':
      return (await database.query<Record<string, unknown>>(call.text, [...call.params])).rows;
    case 'script':
      await database.exec(call.text);
      return [];
    case 'close':
      await database.close();
      return [];
  }
}

port.on('message', (call: SqlCall) => {
  void answer(call.id, () => run(call));
});
void answer(0, async () => {
  await opened;
  return [];
});
