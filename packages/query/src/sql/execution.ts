import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import type { Logger } from '@lakewright/core';
import { type SegmentIndex, TABLE_NAMES } from '@lakewright/lake';
import type { SegmentFiles } from '../files/index.ts';
import type { SqlLimits } from '../limits.ts';
import { answerBySpread } from '../workers/answer.ts';
import type { QueryWorkers } from '../workers/query-workers.ts';
import { tableBounds } from './bounds.ts';
import { neededColumns } from './columns.ts';
import { type ErrorContext, explain } from './duckdb-errors.ts';
import type { FunctionPolicy } from './functions.ts';
import { type ParsedQuery, parseQuery } from './parse.ts';
import { planFiles, planSegments, type QueryPlan } from './plan.ts';
import { openResult, type SqlResult } from './result.ts';
import { RUN_OFFSET, resultStatement, runQuery, type StoredResult } from './run.ts';
import type { Sandbox, SandboxPool } from './sandbox.ts';
import { type VettedQuery, vetQuery } from './vet.ts';
import { type Watchdog, watch } from './watchdog.ts';

/** What every query of an engine is run with. */
export interface ExecutionMeans {
  readonly index: SegmentIndex;
  readonly files: SegmentFiles;
  readonly limits: SqlLimits;
  readonly pool: SandboxPool;
  readonly tempDirectory: string;
  readonly logger: Logger;
  /** Who reads the segments; absent, this process does. */
  readonly workers?: QueryWorkers;
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
  readonly plan: Pick<QueryPlan, 'segments' | 'bytes' | 'bytesRead'>;
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
    const functions = await this.#means.functions(connection);
    const vetted = vetQuery(parsed.node, functions, parsed.positionOf);
    this.#context = { ...this.#context, positionOf: (at) => positionIn(parsed, at) };
    const { plan, stored } = await this.#answer(sandbox, parsed, vetted);
    this.#dog.check();
    const rows = Math.min(stored.rows, limit);
    return { sandbox, plan, stored, rows, raw: await connection.stream(resultStatement(rows)) };
  }

  async #answer(
    sandbox: Sandbox,
    parsed: ParsedQuery,
    vetted: VettedQuery,
  ): Promise<Pick<Complete, 'plan' | 'stored'>> {
    if (vetted.listsTables) return this.#answerHere(sandbox, parsed, EVERY_TABLE_EMPTY);
    const { organization, startNs, endNs, maxBytes } = this.#query;
    const { index, files, limits, workers } = this.#means;
    const segments = await planSegments(index, {
      organization,
      tables: await tableBounds(sandbox.connection, vetted.references),
      range: { startNs, endNs },
      maxSegments: limits.maxSegments,
      maxBytes,
    });
    this.#dog.check();
    const columns = neededColumns(parsed.node, vetted.references);
    if (workers === undefined) {
      const plan = await planFiles(files, { segments, columns, signal: this.#dog.signal });
      return this.#answerHere(sandbox, parsed, plan);
    }
    const query = {
      organization,
      root: parsed.node,
      rows: this.#query.limit + 1,
      references: vetted.references,
      columns,
      segments,
      maxAnswerBytes: limits.maxSpillBytes,
    };
    const { signal } = this.#dog;
    const { stored, bytesRead } = await answerBySpread(sandbox, workers, query, parsed.text, signal);
    return { plan: { ...segments, bytesRead }, stored };
  }

  async #answerHere(
    sandbox: Sandbox,
    parsed: ParsedQuery,
    plan: QueryPlan,
  ): Promise<Pick<Complete, 'plan' | 'stored'>> {
    this.#plan = plan;
    this.#context = { ...this.#context, keyOf: plan.keyOf };
    this.#dog.check();
    return { plan, stored: await runQuery(sandbox, plan, parsed.text) };
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
