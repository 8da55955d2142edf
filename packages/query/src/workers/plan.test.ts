import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORG, T0 } from '../../test/lake.ts';
import { neededColumns } from '../sql/columns.ts';
import { functionPolicy } from '../sql/functions.ts';
import { parseQuery } from '../sql/parse.ts';
import { vetQuery } from '../sql/vet.ts';
import { DEFAULT_DISPATCH_LIMITS } from './limits.ts';
import { type PlannedWorker, planUnits } from './plan-units.ts';
import { rendezvous } from './rendezvous.ts';
import { planSpread } from './spread.ts';
import type { Unit, UnitSegment } from './unit.ts';

const MIB = 1024 * 1024;
const segment = (n: number, bytes = MIB): UnitSegment => ({
  segmentId: String(n),
  key: `db/${ORG}/logs/20240101/00/${n}.parquet`,
  rows: 1000,
  bytes,
  minTimeNs: T0,
  maxTimeNs: T0,
});
const read: Omit<Unit, 'segments'> = {
  organization: ORG,
  table: 'logs',
  columns: ['body'],
  keys: [],
  counted: false,
  conditions: [],
  maxAnswerBytes: 1,
};
const workers = (count: number, capacity = 2): PlannedWorker[] =>
  Array.from({ length: count }, (_, i) => ({ address: `http://worker-${i}:7101`, capacity }));

describe('the units of a query', () => {
  it.each<[string, number[], number, object, number[][]]>([
    ['none of no segments', [], 2, {}, []],
    ['one without workers', [1, 1], 0, {}, [[0, 1]]],
    ['one of small segments', [1, 1, 1], 1, {}, [[0, 1, 2]]],
    ['at most maxUnitSegments', [1, 1, 1], 1, { maxUnitSegments: 2 }, [[0, 1], [2]]],
    ['at most maxUnitBytes', [3, 3, 3], 1, { maxUnitBytes: 6 * MIB }, [[0, 1], [2]]],
    ['alone what is larger', [300, 1], 1, {}, [[0], [1]]],
    [
      'enough for every place',
      [8, 8, 8, 8],
      1,
      {},
      [
        [0, 1],
        [2, 3],
      ],
    ],
  ])('%s', (_name, sizes, count, limits, expected) => {
    const segments = sizes.map((size, i) => segment(i, size * MIB));
    const units = planUnits(read, segments, workers(count), { ...DEFAULT_DISPATCH_LIMITS, ...limits });
    expect(units.map(({ unit }) => unit.segments.map(({ segmentId }) => Number(segmentId)))).toEqual(
      expected,
    );
  });

  it('hold every segment once, each with those of its worker, within the limits', () => {
    const sizes = fc.array(fc.nat({ max: 40 * MIB }), { maxLength: 60 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 20 }),
        (bytes, count, most) => {
          const segments = bytes.map((size, i) => segment(i, size));
          const members = workers(count);
          const limits = { maxUnitBytes: 16 * MIB, maxUnitSegments: most };
          const units = planUnits(read, segments, members, limits).map(({ unit }) => unit.segments);
          expect(
            units
              .flat()
              .map(({ key }) => key)
              .sort(),
          ).toEqual(segments.map(({ key }) => key).sort());
          for (const unit of units) {
            const { best } = rendezvous(members.map(({ address }) => address));
            const homes = unit.map(({ key }) => best(key));
            expect(new Set(homes).size).toBe(1);
            expect(unit.length).toBeLessThanOrEqual(most);
            if (unit.length > 1)
              expect(unit.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(16 * MIB);
          }
        },
      ),
    );
  });
});

describe('rendezvous hashing', () => {
  const members = workers(8).map(({ address }) => address);
  const all = rendezvous(members);
  const keys = Array.from({ length: 4000 }, (_, i) => segment(i).key);

  it('gives everybody a like share', () => {
    const shares = members.map((member) => keys.filter((key) => all.best(key) === member).length);
    for (const share of shares) expect(Math.abs(share - 500)).toBeLessThan(120);
  });

  it('moves nothing but the share of who leaves', () => {
    const rest = rendezvous(members.slice(1));
    for (const key of keys) {
      const [first, second] = all.ranked(key);
      expect(first).toBe(all.best(key));
      expect(rest.best(key)).toBe(first === members[0] ? second : first);
    }
  });
});

describe('what is asked of workers', () => {
  const plan = async (sql: string) => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const parsed = await parseQuery(connection, sql, 101);
      const { references } = vetQuery(parsed.node, await functionPolicy(connection), parsed.positionOf);
      const tables = [...new Set(references.map(({ table }) => table))];
      const segments = {
        segments: tables.length,
        bytes: 0,
        tables: tables.map((table) => ({
          table,
          bounds: {},
          segments: [{ ...segment(1), organization: ORG, table }],
        })),
      };
      const query = {
        organization: ORG,
        root: parsed.node,
        rows: 101,
        references,
        columns: neededColumns(parsed.node, references),
        segments,
        maxAnswerBytes: 1,
      };
      const spread = planSpread(query, workers(1), DEFAULT_DISPATCH_LIMITS, '/tmp/x');
      return spread.map(({ units: [{ unit }] }) => ({
        columns:
          unit.columns.length > 20
            ? 'all'
            : [...unit.columns, ...unit.keys.map(({ column, key }) => `${column}[${key}]`)].join(),
        counted: unit.counted,
        conditions: unit.conditions.map(({ column, key, op, values }) =>
          [column, key, op, ...values].join(' '),
        ),
        take: unit.take && [
          unit.take.rows,
          ...unit.take.order.map((o) => `${o.column} ${o.descending} ${o.nullsFirst}`),
        ],
      }));
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };
  const nothing = { conditions: [], take: undefined };

  it.each<[string, object[]]>([
    ['SELECT count(*) FROM logs', [{ ...nothing, columns: '', counted: true }]],
    [
      'SELECT service_name, count(*) FROM logs GROUP BY 1',
      [{ ...nothing, columns: 'service_name', counted: true }],
    ],
    ['SELECT max(body) FROM logs', [{ ...nothing, columns: 'body', counted: false }]],
    [
      'SELECT max(end_timestamp) FROM traces',
      [{ ...nothing, columns: 'time_unix_nano,duration_nano', counted: false }],
    ],
    [
      "SELECT count(*) FROM logs WHERE severity_number >= 17 AND body LIKE '%x%' AND lower(body) = 'x'",
      [
        {
          columns: 'severity_number,body',
          counted: false,
          conditions: ['severity_number  >= 17', 'body  like %x%'],
          take: undefined,
        },
      ],
    ],
    [
      "SELECT count(*) FROM logs WHERE log_attributes['a'] = 'b'",
      [
        {
          columns: 'log_attributes[a]',
          counted: false,
          conditions: ['log_attributes a = b'],
          take: undefined,
        },
      ],
    ],
    [
      "SELECT l.log_attributes['a b'], resource_attributes['A'], resource_attributes['a'] FROM logs l WHERE log_attributes['x'] IS NULL GROUP BY ALL",
      [
        {
          columns: 'resource_attributes,log_attributes[a b],log_attributes[x]',
          counted: false,
          conditions: ['log_attributes x is null'],
          take: undefined,
        },
      ],
    ],
    [
      "SELECT max(log_attributes['a']), max(map_keys(log_attributes)) FROM logs",
      [{ ...nothing, columns: 'log_attributes', counted: false }],
    ],
    ['FROM logs', [{ columns: 'all', counted: false, conditions: [], take: [101] }]],
    [
      'SELECT body || 1 FROM logs LIMIT 5 OFFSET 2',
      [{ columns: 'body', counted: false, conditions: [], take: [7] }],
    ],
    ['FROM logs LIMIT 1000', [{ columns: 'all', counted: false, conditions: [], take: [101] }]],
    [
      "SELECT body FROM logs WHERE service_name = 'a' ORDER BY timestamp DESC NULLS FIRST, flags LIMIT 9",
      [
        {
          columns: 'timestamp,service_name,body,flags',
          counted: false,
          conditions: ['service_name  = a'],
          take: [9, 'timestamp true true', 'flags false false'],
        },
      ],
    ],
    // The first rows of each part are not enough, or it is not certain.
    ['SELECT max(body) FROM logs LIMIT 5', [{ ...nothing, columns: 'body', counted: false }]],
    ['SELECT DISTINCT body FROM logs LIMIT 5', [{ ...nothing, columns: 'body', counted: false }]],
    ['SELECT unnest([body]) FROM logs LIMIT 5', [{ ...nothing, columns: 'body', counted: false }]],
    [
      'SELECT upper(body) FROM logs ORDER BY lower(body) LIMIT 5',
      [{ ...nothing, columns: 'body', counted: false }],
    ],
    [
      "SELECT body FROM logs WHERE lower(body) = 'x' LIMIT 5",
      [{ ...nothing, columns: 'body', counted: false }],
    ],
    [
      'SELECT lower(body) AS flags FROM logs ORDER BY flags LIMIT 5',
      [{ ...nothing, columns: 'body,flags', counted: false }],
    ],
    [
      'SELECT count(*) FROM (SELECT body FROM logs LIMIT 5)',
      [{ ...nothing, columns: 'body', counted: false }],
    ],
    [
      'SELECT body FROM logs QUALIFY row_number() OVER () > 1',
      [{ ...nothing, columns: 'body', counted: false }],
    ],
    ['SELECT body FROM logs LIMIT 10%', [{ ...nothing, columns: 'body', counted: false }]],
    ['SELECT body FROM logs TABLESAMPLE 3 ROWS', [{ ...nothing, columns: 'body', counted: false }]],
    ['SELECT body FROM logs GROUP BY body', [{ ...nothing, columns: 'body', counted: false }]],
    // What holds for one place of the table does not hold for the other.
    [
      "SELECT body FROM logs WHERE body = 'a' UNION ALL SELECT body FROM logs",
      [{ ...nothing, columns: 'body', counted: false }],
    ],
    [
      "SELECT l.body FROM logs l LEFT JOIN traces t USING (trace_id) WHERE t.span_name IS NULL AND l.body = 'x'",
      [
        { columns: 'trace_id,body', counted: false, conditions: ['body  = x'], take: undefined },
        { ...nothing, columns: 'trace_id,span_name', counted: false },
      ],
    ],
    ['SELECT l FROM logs l', [{ columns: 'all', counted: false, conditions: [], take: [101] }]],
    ['SELECT l.* FROM logs l GROUP BY ALL', [{ ...nothing, columns: 'all', counted: false }]],
  ])('%s', async (sql, expected) => {
    expect(await plan(sql)).toEqual(expected);
  });
});
