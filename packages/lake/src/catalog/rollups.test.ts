import type { Sql } from '@lakewright/core';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { ManualClock, ORGANIZATION, rawObject, segment } from '../../test/raw-objects.ts';
import type { NewSegment } from '../types.ts';
import { Catalog, type RollupUnit } from './index.ts';
import { rollups } from './migrations/003-rollups.ts';

const HOUR_NS = 3_600_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
const AT = 488_936n * HOUR_NS;
const CLAIM = {
  owner: 'me',
  maxBytes: 1e9,
  maxObjects: 100,
  ripeBeforeMs: Number.MAX_SAFE_INTEGER,
  ripeBytes: 0,
};

describeDatabases('the books of rollups', (empty) => {
  let sql: Sql;
  let clock: ManualClock;
  let catalog: Catalog;
  let published = 0;
  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock();
    catalog = await Catalog.open(sql, clock);
  });

  /** Publishes one segment of `table` with points from minute `from` to minute `to` of the hour. */
  async function publish(from: number, to: number, more: Partial<NewSegment> = {}): Promise<NewSegment> {
    const name = `s${published++}`;
    await catalog.announce([rawObject(name, clock.now())]);
    const inputs = (await catalog.claim(CLAIM)).map(({ id }) => ({
      id,
      records: 1,
      rejected: 0,
      reasons: [],
    }));
    const made = segment(name, {
      table: 'sum',
      minTimeNs: AT + BigInt(from) * MINUTE_NS,
      maxTimeNs: AT + BigInt(to) * MINUTE_NS,
      ...more,
    });
    await catalog.publish({ owner: 'me', inputs, segments: [made] });
    return made;
  }

  const claimAll = async (): Promise<RollupUnit[]> => {
    const unit = await catalog.rollups.claim('me');
    return unit === undefined ? [] : [unit, ...(await claimAll())];
  };
  const hours = (units: readonly RollupUnit[]) =>
    units.map(({ hour }) => hour - 488_936).sort((a, b) => a - b);
  const rolled = (id: string, more: Partial<NewSegment> = {}) => {
    const { lastSeenNs, ...made } = segment(id, {
      table: 'rollup_60s',
      minTimeNs: AT,
      maxTimeNs: AT,
      ...more,
    });
    return made;
  };
  const live = async () =>
    (await catalog.segments({ organization: ORGANIZATION, table: 'rollup_60s' })).map(
      (found) => found.segmentId,
    );
  /** Rolls the one unit that is due up, to a segment called `id`. */
  async function roll(id: string): Promise<void> {
    const unit = (await catalog.rollups.claim('me')) as RollupUnit;
    const { version } = await catalog.rollups.inputs('me', unit);
    await catalog.rollups.publish({
      owner: 'me',
      unit,
      version,
      segments: [rolled(id)],
      dueAtMs: clock.now(),
    });
  }

  it.each([
    { from: 0, to: 20, touched: [0], what: 'one hour' },
    { from: 0, to: 49, touched: [0], what: 'an hour but for its last ten minutes' },
    { from: 0, to: 50, touched: [0, 1], what: 'the end of an hour, which the next one looks back to' },
    { from: -70, to: 125, touched: [-2, -1, 0, 1, 2], what: 'several hours' },
  ])('a publication that touches $what makes $touched due', async ({ from, to, touched }) => {
    await publish(from, to);
    expect(hours(await claimAll())).toEqual(touched);
  });

  it('a segment of very many days touches its last hundred of them', async () => {
    await publish(-60 * 24 * 365, 0);
    const units = hours(await claimAll());
    expect(units).toHaveLength(2400);
    expect(units.at(-1)).toBe(0);
  });

  it('logs, traces and rollups are not rolled up', async () => {
    await publish(0, 1, { table: 'logs' });
    await publish(0, 1, { table: 'rollup_10s' });
    expect(await claimAll()).toEqual([]);
  });

  it('an hour has one worker, until its lease is over', async () => {
    await publish(0, 1);
    const unit = await catalog.rollups.claim('one');
    expect(unit).toEqual({ organization: ORGANIZATION, table: 'sum', hour: 488_936 });
    expect(await catalog.rollups.claim('two')).toBeUndefined();
    clock.advance(catalog.rollups.leaseMs - 1);
    await catalog.rollups.renew('one', unit as RollupUnit);
    clock.advance(2);
    expect(await catalog.rollups.expireLeases()).toBe(0);
    clock.advance(catalog.rollups.leaseMs);
    expect(await catalog.rollups.expireLeases()).toBe(1);
    expect(await catalog.rollups.claim('two')).toEqual(unit);
    await expect(catalog.rollups.inputs('one', unit as RollupUnit)).rejects.toThrow(
      'belong to somebody else',
    );
    await expect(
      catalog.rollups.publish({
        owner: 'one',
        unit: unit as RollupUnit,
        version: 1n,
        segments: [rolled('a')],
        dueAtMs: 0,
      }),
    ).rejects.toThrow('belong to somebody else');
    expect(await live()).toEqual([]);
    expect(await catalog.rollups.release('two')).toBe(1);
  });

  it('reads the live segments of the hour and of the minutes before it', async () => {
    await publish(-30, -11);
    const before = await publish(-30, -10);
    const within = await publish(5, 6);
    await publish(60, 61);
    const units = await claimAll();
    const unit = units.find(({ hour }) => hour === 488_936) as RollupUnit;
    const { inputs, isKept } = await catalog.rollups.inputs('me', unit);
    expect(inputs.map(({ segmentId }) => segmentId)).toEqual([before.segmentId, within.segmentId]);
    expect(isKept).toBe(false);
  });

  it('an hour without points of its own has no inputs', async () => {
    await publish(-30, -1);
    const unit = (await claimAll()).find(({ hour }) => hour === 488_936) as RollupUnit;
    expect(await catalog.rollups.inputs('me', unit)).toMatchObject({ inputs: [], isKept: false });
  });

  it('a new rollup takes the place of the former one', async () => {
    await publish(0, 1);
    await roll('first');
    expect(await live()).toEqual(['first']);
    expect(await claimAll()).toEqual([]);
    await publish(2, 3);
    await roll('second');
    expect(await live()).toEqual(['second']);
    const [{ count }] = await sql.query<{ count: bigint }>(
      `select count(*) as count from segment where segment_id = 'first' and retired_at_ms is not null`,
    );
    expect(count).toBe(1n);
  });

  it('the same rollup again changes nothing but the books', async () => {
    await publish(0, 1);
    await roll('same');
    await publish(2, 3);
    await roll('same');
    expect(await live()).toEqual(['same']);
    expect(await claimAll()).toEqual([]);
  });

  it('an hour that points come to while it is rolled up is due again', async () => {
    await publish(0, 1);
    const unit = (await catalog.rollups.claim('me')) as RollupUnit;
    const { version } = await catalog.rollups.inputs('me', unit);
    await publish(2, 3);
    const dueAtMs = clock.now() + 1000;
    await catalog.rollups.publish({ owner: 'me', unit, version, segments: [rolled('a')], dueAtMs });
    expect(await claimAll()).toEqual([]);
    clock.advance(1000);
    expect(await claimAll()).toEqual([unit]);
  });

  it('publications at the same time are all counted', async () => {
    await publish(0, 1);
    await roll('first');
    await catalog.announce(Array.from({ length: 8 }, (_, i) => rawObject(`at-once-${i}`, clock.now())));
    const claimed = await catalog.claim(CLAIM);
    await Promise.all(
      claimed.map(({ id }, i) =>
        catalog.publish({
          owner: 'me',
          inputs: [{ id, records: 1, rejected: 0, reasons: [] }],
          segments: [
            segment(`c${i}`, { table: 'sum', minTimeNs: AT + BigInt(i), maxTimeNs: AT + 55n * MINUTE_NS }),
          ],
        }),
      ),
    );
    const units = await claimAll();
    expect(hours(units)).toEqual([0, 1]);
    expect((await catalog.rollups.inputs('me', units[0])).inputs).toHaveLength(9);
  });

  it('merging points makes nothing due, and rollups are not merged', async () => {
    const inputs = [await publish(0, 1), await publish(0, 2)];
    await roll('first');
    await catalog.merges.claim('me', inputs);
    const output = { ...inputs[0], segmentId: 'merged', key: 'merged' };
    await catalog.merges.publish({ owner: 'me', inputs, output, level: 1 });
    expect(await claimAll()).toEqual([]);
    const groups = await catalog.merges.groups({ bytes: 1e9, rows: 1e9 });
    expect(groups.map(({ table }) => table)).toEqual(['sum']);
  });

  it('what retention let go of stays rolled up as it was, whatever comes late', async () => {
    await publish(0, 1);
    await publish(30, 59);
    await roll('first');
    const [next] = await claimAll();
    await catalog.rollups.giveBack('me', next, Number.MAX_SAFE_INTEGER);
    await catalog.sweeps.expire({}, 'sum', AT + 2n * MINUTE_NS, []);
    await publish(10, 11);
    expect(await claimAll()).toEqual([]);
    expect(await live()).toEqual(['first']);
  });

  it('a rollup that retention overtakes at work is kept, and one that there is not yet is made', async () => {
    await publish(0, 1);
    await roll('first');
    await publish(30, 31);
    const unit = (await catalog.rollups.claim('me')) as RollupUnit;
    await catalog.sweeps.expire({}, 'sum', AT + 2n * MINUTE_NS, []);
    const { isKept, version } = await catalog.rollups.inputs('me', unit);
    expect(isKept).toBe(true);
    await catalog.rollups.keep('me', unit, version);
    expect(await claimAll()).toEqual([]);

    await publish(60, 61);
    await publish(70, 71);
    await catalog.sweeps.expire({}, 'sum', AT + 62n * MINUTE_NS, []);
    const [other] = await claimAll();
    expect(await catalog.rollups.inputs('me', other)).toMatchObject({ isKept: false, inputs: [{}] });
  });

  it('rolls up what an older version of the lake held', async () => {
    await publish(0, 55);
    await sql.query('drop table rollup_unit');
    for (const statement of rollups.statements) await sql.query(statement);
    expect(hours(await claimAll())).toEqual([0, 1]);
  });
});
