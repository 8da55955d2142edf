import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { EngineError } from '../errors.ts';
import { watch } from './watchdog.ts';

/** One column of an answer. Names are unique: DuckDB numbers those that a query gives twice. */
export interface ResultColumn {
  readonly name: string;
  /** As DuckDB names it. */
  readonly type: string;
  readonly duckdbType: DuckDBType;
}

export interface SqlStats {
  /** Segments that were read after pruning. */
  readonly segments: number;
  /** Bytes of those segments' files. */
  readonly bytes: number;
  /**
   * Bytes of them that the query needed: footers and column chunks, wherever they came from. Files of this
   * machine are counted whole.
   */
  readonly bytesRead: number;
  readonly rowsReturned: number;
  /** Whether the query has more rows than `limit`, which were not answered. */
  readonly truncated: boolean;
  readonly limit: number;
  /** From the request to the complete result. */
  readonly elapsedMs: number;
}

/** Some rows of an answer, by column. */
export interface ResultChunk {
  readonly rowCount: number;
  /** The values of column `index`, one a row. */
  column(index: number): readonly DuckDBValue[];
}

/** The answer to one query, complete in the engine, to be read once. */
export interface SqlResult {
  readonly columns: readonly ResultColumn[];
  readonly stats: SqlStats;
  /**
   * The rows, up to 2,048 at a time; frees everything when read to its end or left. Throws LimitError when
   * the reader is too slow, CancelledError when the request's signal is aborted.
   */
  chunks(): AsyncGenerator<ResultChunk>;
  /** Frees everything. For an answer whose rows are not read. */
  close(): Promise<void>;
}

/** Wraps the rows that `raw` streams out of the sandbox. */
export function openResult(source: {
  readonly raw: DuckDBResult;
  readonly rows: number;
  readonly typeNames: readonly string[];
  readonly stats: SqlStats;
  readonly maxDeliverySeconds: number;
  readonly signal?: AbortSignal;
  interrupt(): void;
  release(): Promise<void>;
}): SqlResult {
  const { raw, rows, typeNames, stats } = source;
  const types = raw.columnTypes();
  const columns = raw.columnNames().map((name, i) => ({ name, type: typeNames[i], duckdbType: types[i] }));
  const dog = watch(
    { limit: 'maxDeliverySeconds', seconds: source.maxDeliverySeconds, signal: source.signal },
    () => void close(),
  );
  let fetching: Promise<unknown> | undefined;

  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      dog.stop();
      source.interrupt();
      await fetching?.catch(() => {});
      await source.release();
    })();
    return closed;
  };

  async function* chunks(): AsyncGenerator<ResultChunk> {
    let read = 0;
    try {
      for (;;) {
        dog.check();
        const next = raw.fetchChunk();
        fetching = next;
        const chunk = await next;
        fetching = undefined;
        dog.check();
        if (chunk === null || chunk.rowCount === 0) break;
        read += chunk.rowCount;
        yield { rowCount: chunk.rowCount, column: (index) => chunk.getColumnValues(index) };
      }
      // The binding does not tell a stream that broke from one that ended.
      if (read !== rows) throw new EngineError(`only ${read} of ${rows} rows could be read back`);
    } finally {
      await close();
    }
  }

  return { columns, stats, chunks, close };
}
