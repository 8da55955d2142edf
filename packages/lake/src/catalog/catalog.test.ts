import { randomBytes } from 'node:crypto';
import { ConfigError, type Sql } from '@lakewright/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import {
  ManualClock,
  ORGANIZATION,
  OTHER_ORGANIZATION,
  published,
  rawObject,
  segment,
} from '../../test/raw-objects.ts';
import { ClaimLostError } from '../errors.ts';
import { TABLE_NAMES } from '../tables.ts';
import { Catalog, type ClaimedObject, type NewRawObject } from './index.ts';
import { migrations } from './migrations/index.ts';

describeDatabases('the catalog', (empty) => {
  let sql: Sql;
  let clock: ManualClock;
  let catalog: Catalog;

  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock();
    catalog = await Catalog.open(sql, clock);
  });

  const object = (name: string, more: Partial<NewRawObject> = {}) => rawObject(name, clock.now(), more);
  const claim = (owner = 'a', more: Partial<Parameters<Catalog['claim']>[0]> = {}) =>
    catalog.claim({
      owner,
      maxBytes: 1_000_000,
      maxObjects: 100,
      ripeBeforeMs: clock.now(),
      ripeBytes: 1e12,
      ...more,
    });
  const names = (objects: readonly { key: string }[]) =>
    objects.map(({ key }) => key.replace(/^.*_|\.binpb.*$/g, ''));
  const inputs = (objects: readonly ClaimedObject[]) =>
    objects.map(({ id }) => ({ id, records: 5, rejected: 1, reasons: ['too deep'] }));
  const states = async () => (await catalog.status(ORGANIZATION)).rawObjects;

  describe('opening', () => {
    test('again, and many at once, changes nothing', async () => {
      await catalog.announce([object('a')]);
      await Promise.all(Array.from({ length: 4 }, () => Catalog.open(sql, clock)));
      expect(await states()).toMatchObject({ pending: 1 });
      expect(await sql.query('select version from schema_migration order by version')).toEqual(
        migrations.map(({ version }) => ({ version })),
      );
    });

    test('a catalog that a newer program made is refused', async () => {
      await sql.query('insert into schema_migration values (1000, $1, 0)', ['from the future']);
      await expect(Catalog.open(sql, clock)).rejects.toThrow(ConfigError);
    });
  });

  test('belongs to the first store that it is tied to, and to no other', async () => {
    await catalog.bindStore('one');
    await (await Catalog.open(sql, clock)).bindStore('one');
    await expect(catalog.bindStore('two')).rejects.toThrow(ConfigError);
  });

  describe('announcing', () => {
    test('twice is once; another etag is another object', async () => {
      const drop = object('a', { key: 'logs-raw/a.csv' });
      expect(await catalog.announce([drop, object('b')])).toHaveLength(2);
      expect(await catalog.announce([drop, object('b'), object('c')])).toMatchObject([
        { ...object('c'), id: expect.any(BigInt) },
      ]);
      expect(names(await catalog.announce([{ ...drop, etag: 'e2' }]))).toHaveLength(1);
      expect(await states()).toMatchObject({ pending: 4 });
    });

    test('nothing is nothing', async () => {
      expect(await catalog.announce([])).toEqual([]);
      expect(await catalog.unknownObjects([])).toEqual([]);
    });

    test('what is unknown', async () => {
      await catalog.announce([object('a')]);
      const asked = [object('b'), object('a'), object('c'), object('a', { etag: 'e2' })];
      expect(await catalog.unknownObjects(asked)).toEqual([asked[0], asked[2], asked[3]]);
    });

    test.each(['', 's3://bucket/'])(
      'below %sotel-raw/ a done key stays done under another etag; elsewhere it is new',
      async (base) => {
        const kept = object('a');
        const received = { ...kept, key: base + kept.key };
        const dropped = object('b', { key: `${base}logs-raw/otel-raw/b.csv` });
        await catalog.announce([received, dropped]);
        await catalog.publish({ owner: 'a', inputs: inputs(await claim()), segments: [] });
        const copies = [
          { ...received, etag: 'e2' },
          { ...dropped, etag: 'e2' },
        ];
        expect(await catalog.unknownObjects(copies)).toEqual([copies[1]]);
        expect(await catalog.announce(copies)).toMatchObject([{ key: dropped.key, etag: 'e2' }]);
      },
    );
  });

  describe('claiming', () => {
    test('one organization and signal at a time, oldest first', async () => {
      await catalog.announce([
        rawObject('new', clock.now() - 1000),
        rawObject('old', clock.now() - 3000),
        rawObject('spans', clock.now() - 2000, { signal: 'traces' }),
        rawObject('theirs', clock.now() - 1500, { organization: OTHER_ORGANIZATION }),
      ]);
      const claims = [await claim(), await claim(), await claim(), await claim()];
      expect(claims.map(names)).toEqual([['old', 'new'], ['spans'], ['theirs'], []]);
      expect(claims[0][0]).toEqual({
        ...rawObject('old', clock.now() - 3000),
        id: expect.any(BigInt),
        attempts: 1,
      });
    });

    test.each([
      ['bytes', { maxBytes: 250 }, ['a', 'b']],
      ['objects', { maxObjects: 3 }, ['a', 'b', 'c']],
      ['at least one', { maxBytes: 1 }, ['a']],
    ])('up to a limit: %s', async (_name, limit, wanted) => {
      for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
        await catalog.announce([rawObject(name, clock.now() - 10 + i)]);
      }
      expect(names(await claim('a', limit))).toEqual(wanted);
    });

    test('only what is within reach; the rest waits for a process that knows its bucket', async () => {
      const organization = OTHER_ORGANIZATION;
      const at = (base: string, name: string, more: Partial<NewRawObject> = {}) => {
        const raw = object(name, more);
        return { ...raw, key: base + raw.key };
      };
      await catalog.announce([
        at('s3://new/', 'new'),
        at('s3://known/', 'homeless', { organization }),
        at('s3://known/', 'known'),
      ]);
      const reach = { bases: ['s3://known/'], organizations: [ORGANIZATION] };
      expect([(await catalog.queue()).pending, (await catalog.queue(reach)).pending]).toEqual([3, 1]);
      expect(names(await claim('old', { reach }))).toEqual(['known']);
      expect(await claim('old', { reach })).toEqual([]);
      expect([...names(await claim('a')), ...names(await claim('a'))].sort()).toEqual(['homeless', 'new']);
    });

    test('only what is ripe, by age or by bytes', async () => {
      await catalog.announce([object('a'), object('b')]);
      const unripe = { ripeBeforeMs: clock.now() - 500, ripeBytes: 201 };
      expect(await claim('a', unripe)).toEqual([]);
      expect(await claim('a', { ...unripe, ripeBytes: 200 })).toHaveLength(2);
      await catalog.announce([object('c')]);
      clock.advance(500);
      expect(names(await claim('a', { ripeBeforeMs: clock.now() - 500 }))).toEqual(['c']);
    });

    test('an object from the future is ripe when it is announced', async () => {
      await catalog.announce([rawObject('a', clock.now() + 1e9)]);
      expect(await claim()).toHaveLength(1);
    });

    test('owners who race never share an object', async () => {
      const all = Array.from({ length: 60 }, (_, i) => object(String(i)));
      await catalog.announce(all);
      const owners = Array.from({ length: 6 }, (_, i) => `owner-${i}`);
      const claims: ClaimedObject[][] = [];
      const drain = async (owner: string) => {
        for (;;) {
          const claimed = await claim(owner, { maxObjects: 4 });
          claims.push(claimed);
          if (claimed.length > 0) continue;
          if ((await states()).pending === 0) return;
        }
      };
      await Promise.all(owners.map(drain));
      const ids = claims.flat().map(({ id }) => id);
      expect(ids).toHaveLength(60);
      expect(new Set(ids).size).toBe(60);
    });
  });

  describe('publishing', () => {
    test('makes segments visible and inputs done, as one', async () => {
      await catalog.announce([object('a'), object('b')]);
      const claimed = await claim();
      expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toEqual([]);
      await catalog.publish({ owner: 'a', inputs: inputs(claimed), segments: [segment('s1')] });
      expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toEqual([
        published(segment('s1')),
      ]);
      expect(await states()).toEqual({ pending: 0, claimed: 0, done: 2, dead: 0 });
      const rows = await sql.query('select distinct records, rejected, reason from raw_object');
      expect(rows).toEqual([{ records: 5n, rejected: 1n, reason: 'too deep' }]);
    });

    test('twice is refused and changes nothing', async () => {
      await catalog.announce([object('a')]);
      const claimed = await claim();
      await catalog.publish({ owner: 'a', inputs: inputs(claimed), segments: [segment('s1')] });
      const again = catalog.publish({ owner: 'a', inputs: inputs(claimed), segments: [segment('s2')] });
      await expect(again).rejects.toThrow(ClaimLostError);
      expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toHaveLength(1);
    });

    test('two owners of one object: the one whose lease ended publishes nothing', async () => {
      await catalog.announce([object('a'), object('b')]);
      const slow = await claim('slow');
      clock.advance(catalog.settings.leaseMs + 1);
      expect(await catalog.expireLeases()).toBe(2);
      const quick = await claim('quick', { maxObjects: 16 });
      expect(quick.length).toBeGreaterThan(0);
      const late = catalog.publish({ owner: 'slow', inputs: inputs(slow), segments: [segment('slow')] });
      await expect(late).rejects.toThrow(ClaimLostError);
      await catalog.publish({ owner: 'quick', inputs: inputs(quick), segments: [segment('quick')] });
      const found = await catalog.segments({ organization: ORGANIZATION, table: 'logs' });
      expect(found.map(({ segmentId }) => segmentId)).toEqual(['quick']);
    });

    test('two publications of one claim at the same moment: one wins', async () => {
      await catalog.announce([object('a')]);
      const claimed = await claim();
      const both = await Promise.allSettled(
        ['s1', 's2'].map((id) =>
          catalog.publish({ owner: 'a', inputs: inputs(claimed), segments: [segment(id)] }),
        ),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toHaveLength(1);
    });

    test('a segment that is there already stays as it is', async () => {
      await catalog.announce([object('a'), object('b', { signal: 'traces' })]);
      await catalog.publish({ owner: 'a', inputs: inputs(await claim()), segments: [segment('s')] });
      const same = segment('s', { rows: 99 });
      await catalog.publish({ owner: 'a', inputs: inputs(await claim()), segments: [same] });
      expect(await catalog.segments({ organization: ORGANIZATION, table: 'logs' })).toEqual([
        published(segment('s')),
      ]);
    });

    test('services that PostgreSQL cannot hold or index are stored with U+FFFD, or cut, and found', async () => {
      await catalog.announce([object('a')]);
      const long = randomBytes(6000).toString('hex');
      const services = ['a\0b', '\ud800', '{"quoted",}', long, '\u{1f980}'.repeat(5000)];
      const odd = [{ ...inputs(await claim())[0], reasons: ['nul \0'] }];
      await catalog.publish({ owner: 'a', inputs: odd, segments: [segment('s', { services })] });
      for (const service of services) {
        const query = { organization: ORGANIZATION, table: 'logs', services: [service] } as const;
        expect(await catalog.segments(query)).toHaveLength(1);
      }
      expect((await catalog.services(ORGANIZATION)).map(({ service }) => service)).toContain('a\ufffdb');
    });
  });

  describe('what was claimed and not finished', () => {
    beforeEach(async () => {
      await catalog.announce([object('a')]);
    });

    test('is free again when its owner starts anew', async () => {
      await claim('a');
      expect(await catalog.release('b')).toBe(0);
      expect(await catalog.release('a')).toBe(1);
      expect(await claim('b')).toMatchObject([{ attempts: 2 }]);
    });

    test('is free when its lease is over, unless renewed', async () => {
      const [{ id }] = await claim('a');
      clock.advance(catalog.settings.leaseMs);
      expect(await catalog.expireLeases()).toBe(0);
      await catalog.renew('a', [id]);
      await catalog.renew('nobody', [id]);
      clock.advance(1);
      expect(await catalog.expireLeases()).toBe(0);
      clock.advance(catalog.settings.leaseMs);
      expect(await catalog.expireLeases()).toBe(1);
    });

    test('given back, it has lost nothing', async () => {
      const [{ id }] = await claim('a');
      await catalog.giveBack('nobody', [id]);
      expect(await states()).toMatchObject({ claimed: 1 });
      await catalog.giveBack('a', [id]);
      expect(await claim('a')).toMatchObject([{ id, attempts: 1 }]);
    });

    test('is dead after the last attempt, with the reason', async () => {
      for (let attempt = 1; attempt <= catalog.settings.maxAttempts; attempt++) {
        expect(await claim('a')).toMatchObject([{ attempts: attempt }]);
        await catalog.release('a');
      }
      expect(await claim('a')).toEqual([]);
      expect(await catalog.deadLetters(ORGANIZATION)).toMatchObject([
        { ...object('a'), attempts: 5, reason: 'ingest died 5 times while reading it' },
      ]);
    });

    test('failed, it waits, and is dead after the last attempt with its own reason', async () => {
      const reasons: boolean[] = [];
      for (let attempt = 1; attempt <= catalog.settings.maxAttempts; attempt++) {
        const [{ id }] = await claim('a');
        reasons.push(await catalog.fail('a', id, `failure ${attempt}`, 1000));
        expect(await claim('a')).toEqual([]);
        clock.advance(1000);
      }
      expect(reasons).toEqual([false, false, false, false, true]);
      expect(await catalog.deadLetters(ORGANIZATION)).toMatchObject([
        { reason: 'failure 5', failedNs: BigInt(clock.now() - 1000) * 1_000_000n },
      ]);
    });
  });

  test('of a hundred objects the one that kills its reader is buried alone, after five deaths', async () => {
    await catalog.announce(Array.from({ length: 100 }, (_, i) => object(i === 57 ? 'killer' : `${i}`)));
    let deaths = 0;
    for (let next = await claim(); next.length > 0; next = await claim()) {
      if (names(next).includes('killer')) {
        deaths++;
        await catalog.release('a');
      } else {
        await catalog.publish({ owner: 'a', inputs: inputs(next), segments: [] });
      }
    }
    expect(deaths).toBe(5);
    expect(await states()).toEqual({ pending: 0, claimed: 0, done: 99, dead: 1 });
    expect(names(await catalog.deadLetters(ORGANIZATION))).toEqual(['killer']);
  });

  test('what was claimed before is not claimed together with what is fresh', async () => {
    await catalog.announce([object('old')]);
    await claim();
    await catalog.release('a');
    await catalog.announce([object('fresh')]);
    expect([names(await claim()), names(await claim())]).toEqual([['old'], ['fresh']]);
  });

  describe('segments', () => {
    beforeEach(async () => {
      await catalog.announce([object('a')]);
      await catalog.publish({
        owner: 'a',
        inputs: inputs(await claim()),
        segments: [
          segment('late', { minTimeNs: 300n, maxTimeNs: 2n ** 63n - 1n, services: ['cart', 'pay'] }),
          segment('early', {
            minTimeNs: 100n,
            maxTimeNs: 200n,
            services: ['cart', 'web'],
            lastSeenNs: [150n, 200n],
          }),
          segment('hour', {
            table: 'histogram',
            maxTimeNs: 900n,
            services: ['pay', 'web'],
            lastSeenNs: [900n, 300n],
          }),
          segment('spans', { table: 'traces' }),
          segment('theirs', { organization: OTHER_ORGANIZATION, services: ['secret'] }),
        ],
      });
    });

    const query = { organization: ORGANIZATION, table: 'logs' } as const;
    test.each([
      [{}, ['early', 'late']],
      [{ startNs: 200n }, ['early', 'late']],
      [{ startNs: 201n }, ['late']],
      [{ endNs: 300n }, ['early']],
      [{ endNs: 301n }, ['early', 'late']],
      [{ endNs: 100n }, []],
      [{ startNs: 2n ** 63n - 1n }, ['late']],
      [{ startNs: 2n ** 63n }, []],
      [{ startNs: -(2n ** 80n), endNs: 2n ** 80n }, ['early', 'late']],
      [{ endNs: -(2n ** 63n) }, []],
      [{ services: ['pay'] }, ['late']],
      [{ services: ['nobody', 'cart'] }, ['early', 'late']],
      [{ services: ['secret'] }, []],
      [{ services: [] }, []],
      [{ services: ["'; drop table segment; --", '{}', '"'] }, []],
    ])('%o', async (bounds, wanted) => {
      const found = await catalog.segments({ ...query, ...bounds });
      expect(found.map(({ segmentId }) => segmentId)).toEqual(wanted);
    });

    test('services and totals are of one organization', async () => {
      expect(await catalog.services(ORGANIZATION)).toEqual([
        { service: 'cart', tables: ['logs', 'traces'], lastSeenNs: 2n ** 63n - 1n },
        { service: 'pay', tables: ['logs', 'histogram'], lastSeenNs: 2n ** 63n - 1n },
        { service: 'web', tables: ['logs', 'histogram'], lastSeenNs: 300n },
      ]);
      const { tables } = await catalog.status(ORGANIZATION);
      expect(tables.map(({ table }) => table)).toEqual(TABLE_NAMES);
      expect(tables[0]).toEqual({
        table: 'logs',
        segments: 2,
        rows: 20n,
        bytes: 2000n,
        minTimeNs: 100n,
        maxTimeNs: 2n ** 63n - 1n,
      });
      expect(tables[2]).toEqual({
        table: 'gauge',
        segments: 0,
        rows: 0n,
        bytes: 0n,
        minTimeNs: null,
        maxTimeNs: null,
      });
    });
  });

  test('the queue and its age', async () => {
    expect(await catalog.queue()).toEqual({ pending: 0, oldestPendingSeconds: 0 });
    await catalog.announce([object('a', { arrivedNs: 0n })]);
    clock.advance(2500);
    await catalog.announce([object('b', { organization: OTHER_ORGANIZATION })]);
    expect(await catalog.queue()).toEqual({ pending: 2, oldestPendingSeconds: 2.5 });
    expect((await catalog.status(OTHER_ORGANIZATION)).oldestPendingSeconds).toBe(0);
    await catalog.maintain();
  });

  test('dead letters are of one organization; odd ids are nobody', async () => {
    await catalog.announce([object('a')]);
    const [{ id }] = await claim();
    expect(await catalog.bury('nobody', id, 'x')).toBe(false);
    expect(await catalog.bury('a', id, 'broken\0')).toBe(true);
    expect(await catalog.deadLetter(ORGANIZATION, id)).toMatchObject({ id, reason: 'broken\ufffd' });
    expect(await catalog.deadLetter(OTHER_ORGANIZATION, id)).toBeUndefined();
    expect(await catalog.deadLetters(OTHER_ORGANIZATION)).toEqual([]);
    for (const odd of [-1n, 2n ** 63n, 2n ** 70n]) {
      expect(await catalog.deadLetter(ORGANIZATION, odd)).toBeUndefined();
    }
  });
});
