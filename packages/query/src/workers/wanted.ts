import type { WantedSegments } from '../files/index.ts';
import { columnsRead } from '../sql/columns.ts';
import { withTime } from '../sql/plan.ts';
import { boundsOf, type Unit } from './unit.ts';

/** What of its segments' files a unit reads: its columns, those that its conditions look at, and the bounds' time. */
export function wantedOf(unit: Unit): WantedSegments {
  const { organization, table, conditions, startNs, endNs } = unit;
  const columns = new Set([
    ...columnsRead({ stored: unit.columns, keys: unit.keys }),
    ...conditions.map(({ column }) => column),
    ...(unit.take?.order ?? []).map(({ column }) => column),
  ]);
  return {
    segments: unit.segments.map((segment) => ({ ...segment, organization, table })),
    columns: withTime(columns, boundsOf(unit)),
    conditions: { startNs, endNs, values: valuesOf(unit) },
  };
}

/** The text columns of which every row that counts has one of a few values. */
function valuesOf({ conditions }: Unit): Map<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const { column, key, op, values: texts } of conditions) {
    if (key === null && (op === '=' || op === 'in') && texts.every((text) => typeof text === 'string')) {
      values.set(column, texts);
    }
  }
  return values;
}
