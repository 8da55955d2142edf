import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import type { Logger } from '@lakewright/core';
import { type SegmentIndex, TABLE_NAMES, type TableName } from '@lakewright/lake';
import type { SegmentFiles } from '../files/index.ts';
import type { SqlLimits } from '../limits.ts';
import { type Bounds, tableBounds } from './bounds.ts';
import { neededColumns } from './columns.ts';
import { type ErrorContext, explain } from './duckdb-errors.ts';
import type { FunctionPolicy } from './functions.ts';
import { type ParsedQuery, parseQuery } from './parse.ts';
import { planQuery, type QueryPlan } from './plan.ts';
import { openResult, type SqlResult } from './result.ts';
import { RUN_OFFSET, resultStatement, runQuery, type StoredResult } from './run.ts';
import type { Sandbox, SandboxPool } from './sandbox.ts';
import { vetQuery } from './vet.ts';
import { type Watchdog, watch } from './watchdog.ts';

/** What every query of an engine is run with. */
export interface ExecutionMeans {
  readonly index: SegmentIndex;
  readonly files: SegmentFiles;
  readonly limits: SqlLimits;
  readonly pool: SandboxPool;
  readonly tempDirectory: string;
  readonly logger: Logger;
  functions(connection: DuckDBConnection): Promise<FunctionPolicy>;
}

/** A query that was let in. */
export interface AdmittedQuery {
  readonly organization: string;
  readonly sql: string;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /** Rows to answer at most. */
  readonly limit: number;
  /** Bytes of the segments that it may read. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** What SHOW TABLES is answered from: the columns, and no file. */
const EVERY_TABLE_EMPTY: QueryPlan = {
  tables: TABLE_NAMES.map((table) => ({ table, bounds: {}, paths: [] })),
  segments: 0,
  bytes: 0,
  bytesRead: 0,
  keyOf: new Map(),
  release: () => undefined,
};

interface Complete {
  readonly sandbox: Sandbox;
  readonly plan: QueryPlan;
  /** What the query has: up to one row more than the limit. */
  readonly stored: StoredResult;
  /** What is answered of it. */
  readonly rows: number;
  readonly raw: DuckDBResult;
}

/** One query from its text to its rows: parse, vet, plan, lock, run. Calls `leave` when all is over. */
export class Execution {
  readonly #means: ExecutionMeans;
  readonly #query: AdmittedQuery;
  readonly #leave: () => void;
  readonly #dog: Watchdog;
  readonly #started = performance.now();
  #context: ErrorContext;
  #sandbox: Sandbox | undefined;
  #plan: QueryPlan | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly #stop = new AbortController();
  #released: Promise<void> | undefined;

  constructor(means: ExecutionMeans, query: AdmittedQuery, leave: () => void) {
    this.#means = means;
    this.#query = query;
    this.#leave = leave;
    const { limits, tempDirectory } = means;
    this.#context = {
      sql: query.sql,
      limits,
      keyOf: new Map(),
      hidden: [tempDirectory],
      positionOf: () => undefined,
    };
    this.#dog = watch(
      { limit: 'maxQuerySeconds', seconds: limits.maxQuerySeconds, signal: query.signal },
      () => this.#sandbox?.connection.interrupt(),
    );
  }

  async run(): Promise<SqlResult> {
    const running = this.#work();
    try {
      const complete = await this.#dog.race(running);
      this.#dog.stop();
      return this.#result(complete);
    } catch (error) {
      this.#stop.abort();
      // The asker is answered now; the place is free when DuckDB has let go of it.
      void running.then(
        () => this.#release(),
        () => this.#release(),
      );
      throw explain(error, this.#context);
    }
  }

  async #work(): Promise<Complete> {
    const sandbox = await this.#means.pool.take();
    this.#sandbox = sandbox;
    const { connection } = sandbox;
    this.#dog.check();
    const { sql, limit } = this.#query;
    // One row more than asked for tells whether there are more.
    const parsed = await parseQuery(connection, sql, limit + 1);
    this.#dog.check();
    const plan = await this.#planned(parsed, connection);
    this.#plan = plan;
    this.#context = { ...this.#context, keyOf: plan.keyOf, positionOf: (at) => positionIn(parsed, at) };
    this.#dog.check();
    const stored = await runQuery(sandbox, plan, parsed.text);
    this.#dog.check();
    const rows = Math.min(stored.rows, limit);
    return { sandbox, plan, stored, rows, raw: await connection.stream(resultStatement(rows)) };
  }

  async #planned(parsed: ParsedQuery, connection: DuckDBConnection): Promise<QueryPlan> {
    const functions = await this.#means.functions(connection);
    const vetted = vetQuery(parsed.node, functions, parsed.positionOf);
    if (vetted.listsTables) return EVERY_TABLE_EMPTY;
    const tables: Map<TableName, Bounds> = await tableBounds(connection, vetted.references);
    const { organization, startNs, endNs, maxBytes } = this.#query;
    return planQuery(this.#means, {
      organization,
      tables,
      columns: neededColumns(parsed.query, vetted.references),
      range: { startNs, endNs },
      maxSegments: this.#means.limits.maxSegments,
      maxBytes,
      signal: this.#stop.signal,
    });
  }

  #result({ sandbox, plan, stored, rows, raw }: Complete): SqlResult {
    const { limit, signal } = this.#query;
    return openResult({
      raw,
      rows,
      typeNames: stored.typeNames,
      stats: {
        segments: plan.segments,
        bytes: plan.bytes,
        bytesRead: plan.bytesRead,
        rowsReturned: rows,
        truncated: stored.rows > limit,
        limit,
        elapsedMs: Math.round((performance.now() - this.#started) * 1000) / 1000,
      },
      maxDeliverySeconds: this.#means.limits.maxDeliverySeconds,
      signal,
      interrupt: () => sandbox.connection.interrupt(),
      release: () => this.#release(),
    });
  }

  #release(): Promise<void> {
    this.#released ??= this.#free();
    return this.#released;
  }

  async #free(): Promise<void> {
    this.#dog.stop();
    try {
      await this.#sandbox?.close();
    } catch (error) {
      this.#means.logger.log('error', 'a query could not be cleaned up', { error });
    } finally {
      this.#plan?.release();
      this.#leave();
    }
  }
}

function positionIn(parsed: ParsedQuery, byteOffset: number | undefined): number | undefined {
  return parsed.positionOf(byteOffset === undefined ? undefined : byteOffset - RUN_OFFSET);
}
