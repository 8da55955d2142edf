import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { NotFoundError, type ObjectStore, silentLogger } from '@lakewright/core';
import { type Segment, type SegmentIndex, storedColumns, type TableName } from '@lakewright/lake';
import { Registry } from 'prom-client';
import {
  createSqlEngine,
  localFiles,
  type SqlEngine,
  type SqlEngineOptions,
  type SqlResult,
} from '../src/index.ts';

export const ORG = '12340000-0000-4000-8000-000000000000';
export const OTHER_ORG = '56780000-0000-4000-8000-000000000000';
/** 2024-01-01T00:00:00Z. */
export const T0 = 1_704_067_200_000_000_000n;
export const SECOND = 1_000_000_000n;
export const HOUR = 3600n * SECOND;

/** Columns of one row as SQL expressions; `time` is ns since the epoch. The rest is NULL. */
export interface Row {
  readonly time: bigint;
  readonly service?: string;
  readonly columns?: Readonly<Record<string, string>>;
}

interface SelectOptions {
  readonly table?: TableName;
  /** Gives a row for each `i` from 0 up to it. */
  readonly rows: number;
  /** Columns as SQL expressions of `i`; the rest is NULL. */
  readonly columns: Readonly<Record<string, string>> & { readonly time_unix_nano: string };
  readonly orderBy: string;
}

interface SegmentOptions {
  readonly organization?: string;
  readonly table?: TableName;
  readonly rows: readonly Row[];
  /** Columns that the file lacks, as one of an older writer would. */
  readonly without?: readonly string[];
}

export type IndexQuery = Parameters<SegmentIndex['segments']>[0];

/** A lake in a temporary directory: Parquet files that DuckDB wrote, an index and a store over them. */
export interface TestLake {
  readonly root: string;
  readonly store: ObjectStore;
  readonly index: SegmentIndex;
  /** What the index was asked, in order. */
  readonly asked: IndexQuery[];
  /** Writes one segment and tells the index. */
  add(options: SegmentOptions): Promise<Segment>;
  /** Writes one segment of many rows, in row groups of 2,048, and tells the index. */
  addMany(options: SelectOptions): Promise<Segment>;
  /** Tells the index of a segment without writing one. */
  announce(segment: Segment): void;
  engine(options?: Partial<SqlEngineOptions>): SqlEngine;
  close(): Promise<void>;
}

export async function testLake(): Promise<TestLake> {
  const root = mkdtempSync(join(tmpdir(), 'lakewright-query-'));
  const writer = await DuckDBInstance.create(':memory:');
  const connection = await writer.connect();
  const segments: Segment[] = [];
  const engines: SqlEngine[] = [];
  const asked: IndexQuery[] = [];
  const store = storeOver(root);
  const index: SegmentIndex = {
    async segments(query) {
      asked.push(query);
      return segments.filter((segment) => matches(segment, query));
    },
  };

  return {
    root,
    store,
    index,
    asked,
    announce: (segment) => void segments.push(segment),
    async add({ organization = ORG, table = 'logs', rows, without = [] }) {
      const key = `db/${organization}/${table}/20240101/00/${segments.length}.parquet`;
      const path = join(root, key);
      mkdirSync(dirname(path), { recursive: true });
      const columns = storedColumns(table).filter((column) => !without.includes(column.name));
      const selects = rows.map((row) => `SELECT ${columns.map((column) => cell(column, row)).join(', ')}`);
      await connection.run(`COPY (${selects.join(' UNION ALL ')}) TO '${path}' (FORMAT parquet)`);
      const times = rows.map((row) => row.time).sort((a, b) => (a < b ? -1 : 1));
      const segment: Segment = {
        organization,
        table,
        segmentId: String(segments.length),
        key,
        rows: rows.length,
        bytes: statSync(path).size,
        minTimeNs: times[0],
        maxTimeNs: times[times.length - 1],
        services: [...new Set(rows.map((row) => row.service ?? 'unknown'))].sort(),
      };
      segments.push(segment);
      return segment;
    },
    async addMany({ table = 'logs', rows, columns, orderBy }) {
      const key = `db/${ORG}/${table}/20240101/00/${segments.length}.parquet`;
      const path = join(root, key);
      mkdirSync(dirname(path), { recursive: true });
      const timestamp = `make_timestamptz(((${columns.time_unix_nano}) // 1000)::BIGINT)`;
      const given: Record<string, string> = { timestamp, service_name: "'unknown'", ...columns };
      const cells = storedColumns(table).map(
        ({ name, type }) => `CAST(${given[name] ?? 'NULL'} AS ${fileType(type)}) AS "${name}"`,
      );
      await connection.run(
        `COPY (SELECT ${cells.join(', ')} FROM range(${rows}) t(i) ORDER BY ${orderBy})
         TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
      );
      const read = await connection.runAndReadAll(
        `SELECT min(time_unix_nano), max(time_unix_nano), list(DISTINCT service_name) FROM '${path}'`,
      );
      const [[minTimeNs, maxTimeNs, services]] = read.getRowsJS() as [[bigint, bigint, string[]]];
      const segment: Segment = {
        organization: ORG,
        table,
        segmentId: String(segments.length),
        key,
        rows,
        bytes: statSync(path).size,
        minTimeNs,
        maxTimeNs,
        services: services.toSorted(),
      };
      segments.push(segment);
      return segment;
    },
    engine(options = {}) {
      const engine = createSqlEngine({
        index,
        files: localFiles(store),
        tempDirectory: join(root, 'tmp'),
        logger: silentLogger,
        metrics: new Registry(),
        ...options,
      });
      engines.push(engine);
      return engine;
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
      connection.closeSync();
      writer.closeSync();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Every row of an answer, as DuckDB's values. */
export async function rowsOf(result: SqlResult): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const chunk of result.chunks()) {
    const columns = result.columns.map((_column, i) => chunk.column(i));
    for (let row = 0; row < chunk.rowCount; row++) rows.push(columns.map((values) => values[row]));
  }
  return rows;
}

function cell({ name, type }: { name: string; type: string }, row: Row): string {
  const given = row.columns?.[name];
  const sql =
    given ??
    {
      time_unix_nano: String(row.time),
      timestamp: `make_timestamptz(${row.time / 1000n})`,
      service_name: `'${row.service ?? 'unknown'}'`,
    }[name] ??
    'NULL';
  return `CAST(${sql} AS ${fileType(type)}) AS "${name}"`;
}

const fileType = (type: string): string => (type === 'TIMESTAMP' ? 'TIMESTAMPTZ' : type);

function matches(segment: Segment, query: IndexQuery): boolean {
  return (
    segment.organization === query.organization &&
    segment.table === query.table &&
    (query.startNs === undefined || segment.maxTimeNs >= query.startNs) &&
    (query.endNs === undefined || segment.minTimeNs < query.endNs) &&
    (query.services === undefined || segment.services.some((service) => query.services?.includes(service)))
  );
}

/** The objects below `root`, as far as queries need a store. */
export function storeOver(root: string): ObjectStore {
  const unused = (): never => {
    throw new Error('the query engine has no business here');
  };
  return {
    put: unused,
    get: unused,
    open: unused,
    read: unused,
    head: unused,
    describe: unused,
    list: unused,
    delete: unused,
    async localPath(key) {
      const path = join(root, key);
      try {
        statSync(path);
      } catch {
        throw new NotFoundError(`no object ${key}`);
      }
      return path;
    },
  };
}
