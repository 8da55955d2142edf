import { mkdir } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { bindQuery, keepRows, type StoredResult } from '../sql/run.ts';
import type { Sandbox } from '../sql/sandbox.ts';
import { viewStatement } from '../sql/views.ts';
import { answerViewStatement } from './answer-views.ts';
import type { QueryWorkers } from './query-workers.ts';
import { planSpread, runSpread, type SpreadQuery } from './spread.ts';

/**
 * Answers a query over rows that workers read: its `text` is first bound to empty tables, so that a query
 * that cannot be answered costs no worker anything, then run over the answers of the units, which lie in the
 * sandbox's own directory. Throws what DuckDB throws and what QueryWorkers.run throws.
 */
export async function answerBySpread(
  sandbox: Sandbox,
  workers: QueryWorkers,
  query: SpreadQuery,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly stored: StoredResult; readonly bytesRead: number }> {
  const { connection, directory } = sandbox;
  const spread = planSpread(query, await workers.ready(), workers.limits, directory);
  await mkdir(directory, { recursive: true });
  await sandbox.lock(spread.flatMap(({ answers }) => answers.paths));
  for (const { answers } of spread) await connection.run(viewStatement(answers.table, [], {}));
  await bindQuery(connection, text);
  const answered = await runSpread(workers, spread, { maxAnswerBytes: query.maxAnswerBytes, signal });
  for (const answers of answered.tables) await connection.run(answerViewStatement(answers));
  await bindQuery(connection, text).catch((error: unknown) => {
    throw new EngineError('the query needs a column that was not read', { cause: error });
  });
  return { stored: await keepRows(connection, text), bytesRead: answered.bytesRead };
}
