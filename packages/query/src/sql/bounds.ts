import {
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { TableName } from '@lakewright/lake';
import { type Comparison, conditionsOf, type TimeCondition } from './conditions.ts';
import { type ExactJson, type ExactObject, isObject, stringifyExact } from './exact-json.ts';
import { expressionText } from './parse.ts';
import type { TableReference } from './vet.ts';

/** What is known of the rows that a query needs of a table: never less than it needs. */
export interface Bounds {
  /** Inclusive, ns. */
  readonly startNs?: bigint;
  /** Exclusive, ns. */
  readonly endNs?: bigint;
  readonly services?: readonly string[];
  readonly metrics?: readonly string[];
}

const MICRO = 1000n;
const DAY_US = 86_400_000_000n;

/** Functions of constants that are constants, apart from the clock. */
const PURE = new Set([
  '+',
  '-',
  'date_trunc',
  'make_timestamp',
  'epoch_ns',
  'epoch_us',
  'to_timestamp',
  'trunc',
]);
const INTERVALS = /^to_(microseconds|milliseconds|seconds|minutes|hours|days|weeks|months|years)$/;
const CLOCK = new Set([
  'now',
  'current_timestamp',
  'get_current_timestamp',
  'transaction_timestamp',
  'today',
  'current_date',
]);

const NO_ROWS: Bounds = { startNs: 0n, endNs: 0n };

/**
 * For each table, bounds that hold for every row which `references` can contribute. The clock only moves
 * forward, so conditions on `now()` count as lower bounds and never as upper ones.
 */
export async function tableBounds(
  connection: DuckDBConnection,
  references: readonly TableReference[],
): Promise<Map<TableName, Bounds>> {
  const found = new Map<TableName, Bounds>();
  for (const reference of references) {
    if (reference.described) continue;
    const { times, services, metrics } = conditionsOf(reference);
    const bounds = { ...(await timeBounds(connection, times)), services, metrics };
    const before = found.get(reference.table);
    found.set(reference.table, before === undefined ? bounds : hull(before, bounds));
  }
  for (const { table } of references) if (!found.has(table)) found.set(table, NO_ROWS);
  return found;
}

/** The narrowest bounds that hold under both. */
export function intersect(a: Bounds, b: Bounds): Bounds {
  return {
    startNs: either(a.startNs, b.startNs, later),
    endNs: either(a.endNs, b.endNs, earlier),
    services: a.services ?? b.services,
    metrics: a.metrics ?? b.metrics,
  };
}

function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function hull(a: Bounds, b: Bounds): Bounds {
  return {
    startNs: both(a.startNs, b.startNs, earlier),
    endNs: both(a.endNs, b.endNs, later),
    services: both(a.services, b.services, union),
    metrics: both(a.metrics, b.metrics, union),
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

function either<T>(a: T | undefined, b: T | undefined, join: (a: T, b: T) => T): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return join(a, b);
}

function both<T>(a: T | undefined, b: T | undefined, join: (a: T, b: T) => T): T | undefined {
  return a === undefined || b === undefined ? undefined : join(a, b);
}

async function timeBounds(
  connection: DuckDBConnection,
  conditions: readonly TimeCondition[],
): Promise<Bounds> {
  const usable = conditions.filter(isUsable);
  if (usable.length === 0) return {};
  const values = await evaluate(connection, usable.map(asTime));
  if (values === undefined) return {};
  return usable.map((condition, i) => bound(condition, values[i])).reduce(intersect, {});
}

function isUsable({ op, expression }: TimeCondition): boolean {
  const kind = constancy(expression);
  return kind === 'constant' || (kind === 'clock' && (op === '>' || op === '>='));
}

/** Whether an expression is the same whenever it is evaluated, or grows with the clock. */
function constancy(part: ExactJson | undefined): 'constant' | 'clock' | 'unknown' {
  if (!isObject(part)) return 'unknown';
  if (part.class === 'CONSTANT') return 'constant';
  if (part.class === 'CAST') return constancy(part.child);
  const names = part.column_names;
  if (part.class === 'COLUMN_REF' && Array.isArray(names)) {
    return names.length === 1 && CLOCK.has(String(names[0]).toLowerCase()) ? 'clock' : 'unknown';
  }
  if (part.class !== 'FUNCTION' || !Array.isArray(part.children) || part.filter) return 'unknown';
  const name = String(part.function_name).toLowerCase();
  if (CLOCK.has(name)) return part.children.length === 0 ? 'clock' : 'unknown';
  if (!PURE.has(name) && !INTERVALS.test(name)) return 'unknown';
  const kinds = part.children.map(constancy);
  if (kinds.includes('unknown')) return 'unknown';
  if (!kinds.includes('clock')) return 'constant';
  // What is taken from something, or makes an interval, need not grow with the clock.
  const grows = name === '-' ? kinds.length === 2 && kinds[1] === 'constant' : !INTERVALS.test(name);
  return grows ? 'clock' : 'unknown';
}

/** A string constant beside a timestamp is a timestamp; other expressions stay as they are. */
function asTime({ column, expression }: TimeCondition): ExactObject {
  const constant = isObject(expression.value) ? expression.value : undefined;
  const isText = isObject(constant?.type) && constant.type.id === 'VARCHAR';
  if (column !== 'timestamp' || expression.class !== 'CONSTANT' || !isText) return expression;
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    alias: '',
    query_location: 0,
    child: expression,
    cast_type: { id: 'TIMESTAMP', type_info: null },
    try_cast: false,
  };
}

/** The values of column-free expressions, or undefined when DuckDB cannot tell them. */
async function evaluate(
  connection: DuckDBConnection,
  expressions: readonly ExactObject[],
): Promise<readonly DuckDBValue[] | undefined> {
  const node = {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: expressions,
    from_table: { type: 'EMPTY', alias: '', sample: null, query_location: 0 },
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
  };
  try {
    const sql = await expressionText(connection, stringifyExact({ error: false, statements: [{ node }] }));
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows()[0];
  } catch {
    // The query itself will fail on the same expression and say so; without bounds it only reads more.
    return undefined;
  }
}

function bound({ column, op }: TimeCondition, value: DuckDBValue): Bounds {
  if (column === 'time_unix_nano') {
    const exact = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    // A DOUBLE or DECIMAL compares in its own way.
    return typeof exact === 'bigint' ? range(op, exact, exact) : {};
  }
  const micros = microsOf(value);
  if (micros === undefined) return {};
  // `timestamp` is time_unix_nano in whole microseconds; one more on each side costs nothing.
  return range(op, (micros - 1n) * MICRO, (micros + 2n) * MICRO);
}

function range(op: Comparison, low: bigint, high: bigint): Bounds {
  const startNs = op === '>' ? low + 1n : low;
  const endNs = op === '<' ? high : high + 1n;
  if (op === '=') return { startNs, endNs };
  return op === '>' || op === '>=' ? { startNs } : { endNs };
}

function microsOf(value: DuckDBValue): bigint | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBDateValue) return BigInt(value.days) * DAY_US;
  return undefined;
}
