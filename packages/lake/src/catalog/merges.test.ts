import { migrate, type Sql } from '@lakewright/core';
import { beforeEach, expect, test } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { ManualClock, ORGANIZATION, OTHER_ORGANIZATION, rawObject, segment } from '../../test/raw-objects.ts';
import { ClaimLostError } from '../errors.ts';
import type { NewSegment, Segment } from '../types.ts';
import { Catalog, type MergeCandidate } from './index.ts';
import { migrations } from './migrations/index.ts';

const DAY_NS = 86_400_000_000_000n;
const FULL = { bytes: 5000, rows: 50 };
const GROUP = { organization: ORGANIZATION, table: 'logs', day: 0 } as const;

describeDatabases('merges in the catalog', (empty) => {
  let sql: Sql;
  let clock: ManualClock;
  let catalog: Catalog;

  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock();
    catalog = await Catalog.open(sql, clock);
  });

  async function publish(...segments: NewSegment[]): Promise<void> {
    await catalog.announce([rawObject(`${Math.random()}`, clock.now())]);
    const claimed = await catalog.claim({
      owner: 'ingest',
      maxBytes: 1e9,
      maxObjects: 1,
      ripeBeforeMs: clock.now(),
      ripeBytes: 0,
    });
    const inputs = claimed.map(({ id }) => ({ id, records: 1, rejected: 0, reasons: [] }));
    await catalog.publish({ owner: 'ingest', inputs, segments });
  }
  const candidates = () => catalog.merges.candidates(GROUP, FULL);
  const live = async () => {
    const found = await catalog.segments({ organization: ORGANIZATION, table: 'logs' });
    return found.map(({ segmentId }) => segmentId);
  };
  const merged = (inputs: readonly MergeCandidate[], id = 'merged'): Segment => {
    const { lastSeenNs, ...output } = segment(id, {
      rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
      services: [...new Set(inputs.flatMap(({ services }) => services))].sort(),
    });
    return output;
  };

  test('groups are those of one organization, table, day and level, without what is full', async () => {
    await publish(
      segment('a'),
      segment('b', { minTimeNs: 5n }),
      segment('full', { bytes: 5000 }),
      segment('long', { rows: 50 }),
      segment('tomorrow', { minTimeNs: DAY_NS, maxTimeNs: DAY_NS + 1n }),
      segment('both', { minTimeNs: DAY_NS - 1n, maxTimeNs: DAY_NS }),
      segment('span', { table: 'traces' }),
      segment('theirs', { organization: OTHER_ORGANIZATION }),
    );
    const groups = await catalog.merges.groups(FULL);
    expect(groups[0]).toEqual({ ...GROUP, level: 0, segments: 2, rows: 20, bytes: 2000 });
    const other = { ...GROUP, level: 0, segments: 1, rows: 10, bytes: 1000 };
    const others = [
      { ...other, organization: OTHER_ORGANIZATION },
      { ...other, day: -1 },
      { ...other, day: 1 },
      { ...other, table: 'traces' },
    ];
    expect(groups).toHaveLength(1 + others.length);
    expect(groups.slice(1)).toEqual(expect.arrayContaining(others));
    const { lastSeenNs, ...b } = segment('b', { minTimeNs: 5n });
    expect((await candidates())[0]).toEqual({ ...b, level: 0, publishedAtMs: clock.now() });
  });

  test('publishing retires the inputs and shows the output, one level up', async () => {
    await publish(segment('a', { services: ['cart'] }), segment('b', { services: ['web'] }));
    const inputs = await candidates();
    expect(await catalog.merges.claim('m', inputs)).toBe(true);
    expect(await live()).toEqual(['a', 'b']);
    await catalog.merges.publish({ owner: 'm', inputs, output: merged(inputs), level: 1 });
    expect(await live()).toEqual(['merged']);
    expect(
      await catalog.segments({ organization: ORGANIZATION, table: 'logs', services: ['web'] }),
    ).toHaveLength(1);
    expect((await candidates()).map(({ segmentId, level }) => [segmentId, level])).toEqual([['merged', 1]]);
    const { tables } = await catalog.status(ORGANIZATION);
    expect(tables[0]).toMatchObject({ table: 'logs', segments: 1, rows: 20n });
    expect((await catalog.services(ORGANIZATION)).map(({ service }) => service)).toEqual(['cart', 'web']);
  });

  test('two never claim the same segment, and a claim is whole or not at all', async () => {
    await publish(segment('a'), segment('b'), segment('c'));
    const [a, b, c] = await candidates();
    const claims = await Promise.all([
      catalog.merges.claim('m', [a, b]),
      catalog.merges.claim('n', [b, c]),
      catalog.merges.claim('o', [a, b, c]),
    ]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await catalog.merges.claim('p', [a, b, c])).toBe(false);
    expect(await live()).toEqual(['a', 'b', 'c']);
  });

  test.each<[string, (inputs: MergeCandidate[]) => Promise<unknown>]>([
    ['given back', (inputs) => catalog.merges.giveBack('m', inputs.slice(0, 1))],
    ['released', () => catalog.merges.release('m')],
    [
      'lapsed',
      () => {
        clock.advance(catalog.settings.leaseMs + 1);
        return catalog.merges.expireLeases();
      },
    ],
    [
      'lapsed and taken by another',
      async (inputs) => {
        clock.advance(catalog.settings.leaseMs + 1);
        await catalog.merges.expireLeases();
        expect(await catalog.merges.claim('n', inputs)).toBe(true);
      },
    ],
    [
      'merged by another meanwhile',
      async (inputs) => {
        await catalog.merges.release('m');
        await catalog.merges.claim('n', inputs);
        await catalog.merges.publish({ owner: 'n', inputs, output: merged(inputs, 'other'), level: 1 });
      },
    ],
  ])('what was %s cannot be published, and nothing changes', async (_how, lose) => {
    await publish(segment('a'), segment('b'));
    const inputs = await candidates();
    await catalog.merges.claim('m', inputs);
    await lose(inputs);
    const before = await live();
    const publication = { owner: 'm', inputs, output: merged(inputs), level: 1 };
    await expect(catalog.merges.publish(publication)).rejects.toThrow(ClaimLostError);
    expect(await live()).toEqual(before);
  });

  test('a lease that is renewed does not lapse', async () => {
    await publish(segment('a'), segment('b'));
    const inputs = await candidates();
    await catalog.merges.claim('m', inputs);
    clock.advance(catalog.settings.leaseMs);
    await catalog.merges.renew('m', inputs);
    clock.advance(catalog.settings.leaseMs);
    expect(await catalog.merges.expireLeases()).toBe(0);
    await catalog.merges.publish({ owner: 'm', inputs, output: merged(inputs), level: 1 });
    expect(await live()).toEqual(['merged']);
  });

  test('an output that is there already is not published over it', async () => {
    await publish(segment('a'), segment('b'), segment('merged'));
    const inputs = (await candidates()).slice(0, 2);
    await catalog.merges.claim('m', inputs);
    const publication = { owner: 'm', inputs, output: merged(inputs), level: 1 };
    await expect(catalog.merges.publish(publication)).rejects.toThrow(ClaimLostError);
    expect(await live()).toEqual(['a', 'b', 'merged']);
  });

  test('a catalog of the first version keeps its segments', async () => {
    await sql.script('drop schema public cascade; create schema public');
    const first = { table: 'schema_migration', lock: 1, what: 'catalog', migrations: migrations.slice(0, 1) };
    await migrate(sql, first, 0);
    await sql.query(
      `insert into segment (organization, table_name, segment_id, key, rows, bytes, min_time_ns, max_time_ns,
         services, published_at_ms) values ($1, 'logs', 'old', 'k', 1, 1, 1, 2, '{cart}', 0)`,
      [ORGANIZATION],
    );
    catalog = await Catalog.open(sql, clock);
    expect(await live()).toEqual(['old']);
    expect(await candidates()).toMatchObject([{ segmentId: 'old', level: 0 }]);
  });
});
