import { join } from 'node:path';
import { LimitError } from '@lakewright/core';
import { type ColumnType, storedColumns, type TableName } from '@lakewright/lake';
import type { NeededColumns } from '../sql/columns.ts';
import type { ExactObject } from '../sql/exact-json.ts';
import type { SegmentPlan } from '../sql/plan.ts';
import type { TableReference } from '../sql/vet.ts';
import type { TableAnswers } from './answer-views.ts';
import { type Condition, pushedConditions } from './conditions.ts';
import type { DispatchLimits } from './limits.ts';
import { type PlannedUnit, type PlannedWorker, planUnits } from './plan-units.ts';
import type { QueryWorkers } from './query-workers.ts';
import { takeOf } from './take.ts';
import type { Unit } from './unit.ts';

/** A query as its units are planned from it. */
export interface SpreadQuery {
  readonly organization: string;
  /** `SELECT * FROM (query) LIMIT rows`. */
  readonly root: ExactObject;
  readonly rows: number;
  readonly references: readonly TableReference[];
  readonly columns: ReadonlyMap<TableName, NeededColumns>;
  readonly segments: SegmentPlan;
  /** Bytes that all answers together may have. */
  readonly maxAnswerBytes: number;
}

/** What a query needs of one table, in units, and where the answers go. */
export interface TableSpread {
  readonly answers: TableAnswers;
  /** The first answer goes to the first path of `answers`, and so on. */
  readonly units: readonly PlannedUnit[];
}

/** Columns that have few values, so that counting equal rows makes an answer small. */
const FEW_VALUES = new Set([
  'aggregation_temporality',
  'body_type',
  'event_name',
  'is_monotonic',
  'metric_name',
  'metric_unit',
  'scope_name',
  'scope_version',
  'service_instance_id',
  'service_name',
  'service_namespace',
  'severity_number',
  'severity_text',
  'span_kind',
  'span_name',
  'status_code',
]);

/** The units of a query and the files in `directory` that their answers go to. */
export function planSpread(
  query: SpreadQuery,
  workers: readonly PlannedWorker[],
  limits: DispatchLimits,
  directory: string,
): TableSpread[] {
  const take = query.references.length === 1 ? takeOf(query.root, query.rows) : undefined;
  return query.segments.tables.map(({ table, bounds, segments }) => {
    const columns = query.columns.get(table);
    const named = columns?.named ?? [];
    const stored = columns?.stored ?? [];
    const keys = columns?.keys ?? [];
    const few = keys.length === 0 && stored.every((name) => FEW_VALUES.has(name));
    const counted = take === undefined && few;
    const { startNs, endNs, services } = bounds;
    const read: Omit<Unit, 'segments'> = {
      organization: query.organization,
      table,
      columns: stored,
      keys,
      counted,
      startNs,
      endNs,
      conditions: conditionsOf(query.references, table, services),
      take,
      maxAnswerBytes: query.maxAnswerBytes,
    };
    const units = planUnits(read, segments, workers, limits);
    const paths = units.map((_unit, i) => join(directory, `${table}-${i}.parquet`));
    return { units, answers: { table, named, stored, keys, counted, paths } };
  });
}

/** What every row of `table` that counts must meet, whichever place of the query it is for. */
function conditionsOf(
  references: readonly TableReference[],
  table: TableName,
  services: readonly string[] | undefined,
): readonly Condition[] {
  const of = references.filter((reference) => reference.table === table);
  const types = new Map<string, ColumnType>(storedColumns(table).map(({ name, type }) => [name, type]));
  if (of.length === 1) return pushedConditions(of[0], types).conditions;
  return services === undefined || services.length === 0
    ? []
    : [{ column: 'service_name', key: null, op: 'in', values: services }];
}

/** What the units of a query came to. */
export interface SpreadAnswers {
  /** The views' sources: the files that have rows. */
  readonly tables: readonly TableAnswers[];
  /** Of the segments, as the workers' SegmentFiles count it. */
  readonly bytesRead: number;
}

/**
 * Has every unit run by a worker, `maxUnitsInFlight` at a time. The first unit that fails ends all others. Throws what QueryWorkers.run throws, and
 * LimitError (`maxSpillBytes`) when the answers are too large together.
 */
export async function runSpread(
  workers: QueryWorkers,
  spread: readonly TableSpread[],
  { maxAnswerBytes, signal }: { readonly maxAnswerBytes: number; readonly signal?: AbortSignal },
): Promise<SpreadAnswers> {
  const failed = new AbortController();
  const ended = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal]);
  const budget = answerBudget(maxAnswerBytes);
  const jobs = spread.flatMap(({ units, answers }) =>
    units.map((unit, i) => ({ unit, path: answers.paths[i] })),
  );
  const withRows = new Set<string>();
  let bytesRead = 0;
  let next = 0;
  let reason: unknown;
  const lane = async () => {
    for (let turn = next++; turn < jobs.length && !ended.aborted; turn = next++) {
      const { unit, path } = jobs[turn];
      try {
        const answered = await workers.run(unit, { path, turn, signal: ended, onBytes: budget });
        if (answered.rows > 0) withRows.add(path);
        bytesRead += answered.bytesRead;
      } catch (error) {
        reason ??= error;
        failed.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, workers.limits.maxUnitsInFlight) }, lane));
  if (reason !== undefined) throw reason;
  signal?.throwIfAborted();
  const tables = spread.map(({ answers }) => ({
    ...answers,
    paths: answers.paths.filter((path) => withRows.has(path)),
  }));
  return { tables, bytesRead };
}

function answerBudget(maxBytes: number): (bytes: number) => void {
  let used = 0;
  return (bytes) => {
    if (used + bytes > maxBytes) {
      throw new LimitError('maxSpillBytes', `the rows that the query needs are more than ${maxBytes} bytes`, {
        hint: 'narrow it with start and end, or with conditions on columns, or ask for fewer columns',
      });
    }
    used += bytes;
  };
}
