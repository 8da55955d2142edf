import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Sql, systemClock, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeEmbedded } from '../../../local/test/adapters.ts';
import { diskFull, POISON } from '../../test/fakes.ts';
import { IngestStand } from '../../test/ingest-stand.ts';
import { ORGANIZATION } from '../../test/raw-objects.ts';
import { Catalog, createLakeAdmin } from '../index.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };

describeEmbedded('ingest', (empty) => {
  let sql: Sql;
  let stand: IngestStand;

  beforeEach(async () => {
    sql = await empty();
    stand = await IngestStand.open(sql);
  });
  afterEach(() => stand.close());

  const expectPublished = (contents: readonly string[]) =>
    vi.waitFor(async () => expect(await stand.published()).toEqual([...contents].sort()), PATIENCE);
  const expectStates = (states: object) =>
    vi.waitFor(async () => expect(await stand.states()).toMatchObject(states), PATIENCE);
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `content-${i}`);

  /** A promise that a test settles, and that ingest waits for. */
  function gate() {
    const reached = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    const pass = () => {
      reached.resolve();
      return open.promise;
    };
    return { reached: reached.promise, open: open.resolve, pass };
  }

  describe('finds', () => {
    test('what the committer told of, without a listing, and gathers it', async () => {
      const listed: string[] = [];
      stand.store.fault = (operation, key) => {
        if (operation !== 'list') return undefined;
        listed.push(key);
        return diskFull();
      };
      for (const name of numbered(5)) stand.inbox.push(await stand.put(name));
      stand.start();
      await expectPublished(numbered(5));
      expect(stand.cooker.jobs).toHaveLength(1);
      expect(listed.length).toBeGreaterThan(0);
    });

    test('received objects that nobody announced, at the start and later, once', async () => {
      const first = await stand.put('first');
      stand.start();
      await expectPublished(['first']);
      stand.inbox.push(first);
      await stand.put('second');
      await expectPublished(['first', 'second']);
      stand.inbox.push(first);
      stand.inbox.push(await stand.put('third'));
      await expectPublished(['first', 'second', 'third']);
      expect(await stand.states()).toEqual({ pending: 0, claimed: 0, done: 3, dead: 0 });
    });

    test('dropped files in all three folders, and not the hidden ones', async () => {
      stand.start();
      const hidden = path.join(stand.root, 'logs-raw', '.part.csv');
      await stand.putAt('logs-raw/a.csv', 'a');
      await writeFile(hidden, 'half');
      await stand.putAt('traces-raw/b.json', 'b');
      await stand.putAt(`metrics-raw/${ORGANIZATION}/c.json`, 'c');
      await expectPublished(['a', 'b', 'c']);
      await rename(hidden, path.join(stand.root, 'logs-raw', 'part.csv'));
      await expectPublished(['a', 'b', 'c', 'half']);
    });

    test('a dropped file that is touched is not taken again; one that is changed is', async () => {
      await stand.putAt('logs-raw/a.csv', 'a');
      stand.start();
      await expectPublished(['a']);
      await stand.putAt('logs-raw/a.csv', 'a');
      await expectStates({ pending: 0, claimed: 0, done: 2, dead: 0 });
      expect(await stand.published()).toEqual(['a']);
      await stand.putAt('logs-raw/a.csv', 'b');
      await expectPublished(['a', 'b']);
    });

    test('a dropped file only when it has been left alone', async () => {
      await stand.putAt('logs-raw/young.csv', 'young');
      await stand.put('received');
      let listings = 0;
      stand.store.fault = (operation, key) => {
        if (operation === 'list' && key === 'logs-raw/') listings++;
        return undefined;
      };
      stand.start({ settleMs: 1e9 });
      await expectPublished(['received']);
      // The beginning of the third shows that the second has ended.
      await vi.waitFor(() => expect(listings).toBeGreaterThanOrEqual(3), PATIENCE);
      expect(await stand.states()).toMatchObject({ pending: 0, done: 1 });
    });

    test('a key of unknown layout is told once and counted', async () => {
      await stand.store.put('otel-raw/what/is/this', new Uint8Array(1));
      await stand.put('a');
      stand.start();
      await expectPublished(['a']);
      await vi.waitFor(async () => {
        const [metric] = (await stand.registry.getMetricsAsJSON()).filter(({ name }) =>
          name.endsWith('unknown_keys_total'),
        );
        expect(metric.values[0].value).toBe(1);
      }, PATIENCE);
      const told = stand.lines.filter(({ fields }) => fields.key === 'otel-raw/what/is/this');
      expect(told).toHaveLength(1);
    });
  });

  describe('poison', () => {
    test('one bad object among fifty: 49 are published, one is a dead letter, and mended it comes', async () => {
      for (let i = 0; i < 50; i++) {
        await stand.putAt(`logs-raw/file-${i}.csv`, i === 17 ? POISON : `content-${i}`);
      }
      stand.start();
      const good = numbered(50).filter((_, i) => i !== 17);
      await expectPublished(good);
      await expectStates({ pending: 0, claimed: 0, done: 49, dead: 1 });
      const admin = createLakeAdmin(stand);
      const [letter] = await admin.deadLetters(ORGANIZATION);
      expect(letter).toMatchObject({ key: 'logs-raw/file-17.csv', reason: 'byte 0: poison', attempts: 1 });
      await stand.putAt('logs-raw/file-17.csv', 'content-17');
      expect(await admin.replay(ORGANIZATION, letter.id)).toBe('superseded');
      await expectPublished(numbered(50));
      expect(await stand.states()).toEqual({ pending: 0, claimed: 0, done: 50, dead: 0 });
    });

    test('many bad ones, and a cooker that does not say which', async () => {
      stand.cooker.before = (job) => {
        if (job.inputs.length > 1 && job.inputs.some(({ object }) => object.key.includes('quiet'))) {
          throw new UnavailableError('the thread that read it died');
        }
      };
      const names = [...Array.from({ length: 8 }, (_, i) => `bad-${i}`), 'quiet', ...numbered(8)];
      for (const name of names) {
        stand.inbox.push(await stand.put(name, name.startsWith('bad') ? POISON : name));
      }
      stand.start();
      await expectPublished(['quiet', ...numbered(8)]);
      await expectStates({ pending: 0, claimed: 0, done: 9, dead: 8 });
    });

    test('an object that always fails is tried five times, alone, and then is a dead letter', async () => {
      stand.cooker.before = (job) => {
        if (job.inputs.some(({ object }) => object.key.includes('odd'))) throw new Error('no idea why');
      };
      for (const name of ['odd', ...numbered(5)]) stand.inbox.push(await stand.put(name));
      stand.start();
      await expectPublished(numbered(5));
      await expectStates({ pending: 0, claimed: 0, dead: 1 });
      const [letter] = await stand.catalog.deadLetters(ORGANIZATION);
      expect(letter).toMatchObject({ reason: 'no idea why', attempts: 5 });
    });

    test('an object that cannot be read is alone in that; one too big or gone is a dead letter', async () => {
      for (const name of ['locked', 'gone', ...numbered(5)]) stand.inbox.push(await stand.put(name));
      stand.inbox.push(await stand.put('big', 'x'.repeat(1001)));
      const gone = await stand.put('gone');
      await stand.store.delete(gone.key);
      stand.store.fault = (operation, key) =>
        operation === 'get' && key.includes('locked') ? new Error('this user may not read it') : undefined;
      stand.start({ maxRawObjectBytes: 1000 });
      await expectPublished(numbered(5));
      await expectStates({ pending: 0, claimed: 0, dead: 3 });
      const letters = await stand.catalog.deadLetters(ORGANIZATION);
      expect(letters.map(({ reason }) => reason).sort()).toEqual([
        '1001 bytes are more than maxRawObjectBytes (1000)',
        'the object is gone from the store',
        'this user may not read it',
      ]);
    });

    test('a catalog that refuses what is published: a dead letter with its reason, and the others go on', async () => {
      const cook = stand.cooker.cook.bind(stand.cooker);
      stand.cooker.cook = async (job) => {
        const result = await cook(job);
        const bad = job.inputs.some(({ object }) => object.key.includes('odd'));
        return bad
          ? { ...result, segments: result.segments.map((s) => ({ ...s, minTimeNs: 2n ** 70n })) }
          : result;
      };
      for (const name of ['odd', ...numbered(5)]) stand.inbox.push(await stand.put(name));
      stand.start();
      await expectPublished(numbered(5));
      await expectStates({ pending: 0, claimed: 0, done: 5, dead: 1 });
      const [letter] = await stand.catalog.deadLetters(ORGANIZATION);
      expect(letter.reason).toMatch(/out of range/);
    });
  });

  describe('failures', () => {
    test('a full disk: nothing is published, nothing is lost, and room is all that it takes', async () => {
      stand.store.fault = (operation, key) =>
        operation === 'put' && key.startsWith('db/') ? diskFull() : undefined;
      for (const name of numbered(5)) stand.inbox.push(await stand.put(name));
      stand.start();
      // More failures than an object has attempts: it is not the objects' fault.
      await vi.waitFor(() => expect(stand.cooker.jobs.length).toBeGreaterThan(7), PATIENCE);
      expect(await stand.published()).toEqual([]);
      expect((await stand.states()).dead).toBe(0);
      stand.store.fault = () => undefined;
      await expectPublished(numbered(5));
      expect(await stand.states()).toEqual({ pending: 0, claimed: 0, done: 5, dead: 0 });
      expect(stand.messages()).toContain('ingest is held up');
    });

    test('a catalog that is away for a while', async () => {
      const catalog = stand.catalog;
      for (const method of ['announce', 'claim', 'publish', 'giveBack', 'release'] as const) {
        const original = catalog[method].bind(catalog) as (...args: never[]) => Promise<unknown>;
        let left = 3;
        Object.assign(catalog, {
          [method]: (...args: never[]) =>
            left-- > 0 ? Promise.reject(new UnavailableError('away')) : original(...args),
        });
      }
      for (const name of numbered(5)) stand.inbox.push(await stand.put(name));
      stand.start();
      await expectPublished(numbered(5));
      await expectStates({ pending: 0, claimed: 0, done: 5, dead: 0 });
    });

    test('a death between storing and publishing: the next start makes the same segment', async () => {
      for (const name of numbered(3)) stand.inbox.push(await stand.put(name));
      const publish = stand.catalog.publish.bind(stand.catalog);
      const death = gate();
      stand.catalog.publish = async () => {
        await death.pass();
        throw new UnavailableError('dead before it was published');
      };
      const giveBack = stand.catalog.giveBack.bind(stand.catalog);
      // A dead process gives nothing back.
      stand.catalog.giveBack = async () => undefined;
      stand.start();
      await death.reached;
      const stopped = stand.stop();
      death.open();
      await stopped;
      expect(await stand.published()).toEqual([]);
      expect(await stand.states()).toMatchObject({ claimed: 3, done: 0 });

      stand.catalog.publish = publish;
      stand.catalog.giveBack = giveBack;
      stand.start();
      await expectPublished(numbered(3));
      const cooked = stand.store.puts.filter((key) => key.startsWith('db/'));
      expect(cooked).toHaveLength(2);
      expect(new Set(cooked).size).toBe(1);
    });

    test('a catalog that is lost is made anew from the objects', async () => {
      for (const name of numbered(5)) await stand.put(name);
      await stand.putAt('logs-raw/dropped.csv', 'dropped');
      stand.start();
      await expectPublished([...numbered(5), 'dropped']);
      await stand.stop();
      Object.assign(stand, { catalog: await Catalog.open(await empty(), systemClock) });
      expect(await stand.published()).toEqual([]);
      stand.start();
      await expectPublished([...numbered(5), 'dropped']);
      expect(await stand.states()).toEqual({ pending: 0, claimed: 0, done: 6, dead: 0 });
    });

    test('an object that is replaced after it was claimed: only the new bytes come', async () => {
      const old = await stand.putAt('logs-raw/a.csv', 'old');
      await stand.catalog.announce([old]);
      await stand.putAt('logs-raw/a.csv', 'new');
      stand.start();
      await expectPublished(['new']);
      expect(await stand.states()).toEqual({ pending: 0, claimed: 0, done: 1, dead: 0 });
    });

    test('two ingests on one catalog share the work and publish everything once', async () => {
      const other = await IngestStand.open(sql);
      // The same objects, under another name of owner.
      Object.assign(other, { store: stand.store });
      for (const name of numbered(40)) await stand.catalog.announce([await stand.put(name)]);
      stand.start({ claimObjects: 3 });
      other.start({ owner: 'other', claimObjects: 3 });
      await expectPublished(numbered(40));
      await expectStates({ pending: 0, claimed: 0, done: 40, dead: 0 });
      await other.close();
    });
  });

  describe('ending', () => {
    test('publishes what is being cooked and keeps the rest for the next start', async () => {
      const cooking = gate();
      stand.cooker.before = () => cooking.pass();
      for (const name of numbered(6)) stand.inbox.push(await stand.put(name));
      stand.start({ claimObjects: 2, workers: 1 });
      await cooking.reached;
      const stopped = stand.stop();
      cooking.open();
      await stopped;
      expect(await stand.published()).toHaveLength(2);
      expect(await stand.states()).toEqual({ pending: 4, claimed: 0, done: 2, dead: 0 });
      stand.start();
      await expectPublished(numbered(6));
    });

    test('writes to the catalog what it only heard of', async () => {
      stand.start({ intervalMs: 1e6, idleMs: 1e6, recentListingMs: 1e6 });
      await vi.waitFor(() => expect(stand.registry.getMetricsAsArray().length).toBeGreaterThan(0));
      const object = await stand.put('late');
      stand.inbox.push(object);
      await stand.stop();
      expect(await stand.catalog.unknownObjects([object])).toEqual([]);
    });
  });
});
