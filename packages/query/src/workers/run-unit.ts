import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LimitError } from '@lakewright/core';
import { storedColumns } from '@lakewright/lake';
import type { SegmentFiles } from '../files/index.ts';
import { explain } from '../sql/duckdb-errors.ts';
import type { SandboxPool } from '../sql/sandbox.ts';
import { sqlName, sqlString } from '../sql/text.ts';
import { emptySelect, filesRelation, timeTerms } from '../sql/views.ts';
import { watch } from '../sql/watchdog.ts';
import { COUNT_COLUMN, MAX_COUNT } from './answer-views.ts';
import { conditionSql } from './conditions.ts';
import type { WorkerLimits } from './limits.ts';
import { boundsOf, keyColumn, type Unit } from './unit.ts';
import { wantedOf } from './wanted.ts';

/** What units are run with. */
export interface UnitMeans {
  readonly files: SegmentFiles;
  readonly pool: SandboxPool;
  readonly limits: WorkerLimits;
  /** Where the pool's sandboxes spill. */
  readonly tempDirectory: string;
}

/** The answer to a unit: a Parquet file. */
export interface UnitAnswer {
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Rows in it. */
  readonly rows: number;
  /** Of the segments, as SegmentFiles counts it. */
  readonly bytesRead: number;
  /** Removes it. */
  release(): Promise<void>;
}

/**
 * Runs one unit in a database of its own, which can open the unit's files and write the answer and nothing
 * else, for at most `seconds`. Throws SegmentReadError, LimitError (`maxQueryMemoryBytes`, `maxSpillBytes`,
 * `maxUnitSeconds`), CancelledError, EngineError and what `files` throws; then nothing is left of it.
 */
export async function runUnit(
  means: UnitMeans,
  unit: Unit,
  { seconds, signal }: { readonly seconds: number; readonly signal?: AbortSignal },
): Promise<UnitAnswer> {
  const { files, pool, limits, tempDirectory } = means;
  const sandbox = await pool.take();
  const dog = watch({ limit: 'maxUnitSeconds', seconds, signal }, () => sandbox.connection.interrupt());
  const keyOf = new Map<string, string>();
  const opening = files.open([wantedOf(unit)], dog.signal);
  try {
    const { paths: found, bytesRead } = await dog.race(opening);
    for (const [i, { key }] of unit.segments.entries()) {
      const path = found[0][i];
      if (path !== undefined) keyOf.set(path, key);
    }
    const paths = [...keyOf.keys()];
    const path = join(sandbox.directory, 'answer.parquet');
    await mkdir(sandbox.directory, { recursive: true });
    await sandbox.lock([...paths, path]);
    dog.check();
    const written = await sandbox.connection.runAndReadAll(unitStatement(unit, paths, path));
    dog.check();
    const rows = Number(written.getRows()[0][0]);
    const { size } = await stat(path);
    if (size > unit.maxAnswerBytes) throw tooLarge(unit);
    return { path, bytes: size, rows, bytesRead, release: () => sandbox.close() };
  } catch (error) {
    await sandbox.close();
    dog.check();
    throw explain(error, {
      sql: '',
      limits,
      keyOf,
      hidden: [tempDirectory],
      positionOf: () => undefined,
    });
  } finally {
    dog.stop();
    // What was given up may be opened yet.
    opening.then(
      (opened) => opened.release(),
      () => undefined,
    );
  }
}

/** The statement that writes a unit's answer from the files at `paths` to `path`; every name and value in it is quoted by us. */
export function unitStatement(unit: Unit, paths: readonly string[], path: string): string {
  const types = storedColumns(unit.table);
  const terms = [...timeTerms(boundsOf(unit)), ...unit.conditions.map(conditionSql)];
  const relation = paths.length === 0 ? `(${emptySelect(types)})` : filesRelation(types, paths);
  const rows = `FROM ${relation}${terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`}`;
  const columns = [
    ...unit.columns.map(sqlName),
    ...unit.keys.map(
      ({ column, key }, i) => `${sqlName(column)}[${sqlString(key)}] AS ${sqlName(keyColumn(i))}`,
    ),
  ];
  const select = unit.counted ? counted(columns, rows) : `SELECT ${columns.join(', ')} ${rows}${taken(unit)}`;
  return `COPY (${select}) TO ${sqlString(path)} (FORMAT parquet, COMPRESSION zstd)`;
}

/** Equal rows once with their number, which is cut into pieces that can be turned back into rows in little memory. */
function counted(columns: readonly string[], rows: string): string {
  const prefix = columns.map((column) => `${column}, `).join('');
  const groups = `SELECT ${prefix}count(*) AS n ${rows}${columns.length === 0 ? '' : ' GROUP BY ALL'}`;
  const pieces = `SELECT ${prefix}n, unnest(range(0, n, ${MAX_COUNT})) AS past FROM (${groups})`;
  return `SELECT ${prefix}CAST(least(${MAX_COUNT}, n - past) AS INTEGER) AS ${sqlName(COUNT_COLUMN)} FROM (${pieces})`;
}

function taken({ take }: Unit): string {
  if (take === undefined) return '';
  const order = take.order.map(
    ({ column, descending, nullsFirst }) =>
      `${sqlName(column)} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`,
  );
  return `${order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`} LIMIT ${take.rows}`;
}

function tooLarge({ maxAnswerBytes }: Unit): LimitError {
  return new LimitError(
    'maxSpillBytes',
    `the rows that the query needs are more than ${maxAnswerBytes} bytes`,
    { hint: 'narrow it with start and end, or with conditions on columns, or ask for fewer columns' },
  );
}
