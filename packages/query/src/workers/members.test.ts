import { ConfigError, silentLogger } from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { type TestLake, testLake } from '../../test/lake.ts';
import { startWorker } from '../../test/workers.ts';
import { listedWorkers, resolvedWorkers, watchMembers } from './members.ts';
import { type Place, Places } from './places.ts';
import { rendezvous } from './rendezvous.ts';

describe('where workers are', () => {
  it.each<[string, string[]]>([
    ['http://a:1', ['http://a:1']],
    [' http://a:1/ , https://b:2,', ['http://a:1', 'https://b:2']],
    ['http://[::1]:80', ['http://[::1]']],
  ])('%j lists %j', async (list, addresses) => {
    expect(await listedWorkers(list).addresses()).toEqual(addresses);
  });

  it.each(['', ' , ', 'a:1', 'http://a:1/path', 'http://u:secret@a:1', 'ftp://a:1', 'http://a:1?x'])(
    '%j is no list, and is not repeated',
    (list) => {
      const failure = (() => {
        try {
          return listedWorkers(list);
        } catch (error) {
          return error;
        }
      })();
      expect(failure).toBeInstanceOf(ConfigError);
      expect((failure as Error).message).not.toContain('secret');
    },
  );

  it('are all addresses of a name', async () => {
    const addresses = await resolvedWorkers('localhost:8082').addresses();
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):8082$/);
    expect(() => resolvedWorkers('localhost')).toThrow(ConfigError);
    expect(() => resolvedWorkers('localhost:80/x')).toThrow(ConfigError);
  });
});

describe('looking after workers', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await testLake();
    return () => lake.close();
  });

  it('tells who is ready with how many places, and who left', async () => {
    const worker = await startWorker(lake, { limits: { capacity: 1 } });
    let ready: ReadonlyMap<string, number> = new Map();
    const members = watchMembers(listedWorkers(`${worker.url},http://127.0.0.1:1`), silentLogger, (now) => {
      ready = now;
    });
    try {
      await members.looked;
      expect([...ready]).toEqual([[worker.url, 1]]);
      await worker.close();
      members.look();
      await waitFor('the worker to be missed', () => ready.size === 0);
    } finally {
      await members.close();
    }
  });
});

describe('a name that tells of some of its addresses', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await testLake();
    return () => lake.close();
  });

  it('is asked until all are known, and who answers stays known', async () => {
    const workers = await Promise.all([1, 2].map((capacity) => startWorker(lake, { limits: { capacity } })));
    const answers: (() => string[])[] = [() => [workers[0].url], () => [workers[1].url]];
    let asked = 0;
    const source = {
      addresses: async () => {
        const answer = answers[asked++];
        if (answer === undefined) throw new Error('there is no such name');
        return answer();
      },
    };
    let ready: ReadonlyMap<string, number> = new Map();
    let told = 0;
    const members = watchMembers(source, silentLogger, (now) => {
      ready = now;
      told++;
    });
    const look = async () => {
      const before = told;
      members.look();
      await waitFor('another look', () => told > before);
      return new Set(ready.values());
    };
    try {
      await members.looked;
      expect(new Set(ready.values())).toEqual(new Set([1]));
      expect(await look()).toEqual(new Set([1, 2]));
      expect(await look()).toEqual(new Set([1, 2]));
      await workers[0].close();
      expect(await look()).toEqual(new Set([2]));
    } finally {
      await members.close();
      await workers[1].close();
    }
  });
});

describe('places on workers', () => {
  const [near, far] = rendezvous(['http://a', 'http://b']).ranked('key');
  const signal = new AbortController().signal;
  const waiting = (turn = 0, failed: string[] = []) => ({
    affinity: 'key',
    failed: new Set(failed),
    turn,
    sinceMs: performance.now(),
    signal,
  });
  const places = (patienceMs: number, capacity = 1) => {
    const made = new Places({ maxQueuedUnits: 10, maxUnitWaitSeconds: 5, patienceMs });
    made.setReady(new Map([near, far].map((address) => [address, capacity])));
    return made;
  };
  const taken: Place[] = [];
  afterEach(() => {
    for (const place of taken.splice(0)) place.leave('done');
  });
  const take = async (from: Places, ...of: Parameters<typeof waiting>) => {
    const place = await from.take(waiting(...of));
    taken.push(place);
    return place;
  };

  it('go to the worker of the segments, then to the other when patience is over', async () => {
    const of = places(30);
    expect((await take(of)).address).toBe(near);
    const start = performance.now();
    expect((await take(of)).address).toBe(far);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  it('are waited for with patience', async () => {
    const of = places(60_000);
    const first = await take(of);
    const second = take(of);
    first.leave('done');
    expect((await second).address).toBe(near);
  });

  it('go to the first units of every query first', async () => {
    const of = places(60_000);
    const first = await take(of);
    const order: number[] = [];
    const later = [3, 1, 2, 1].map(async (turn) => {
      const place = await of.take(waiting(turn));
      order.push(turn);
      place.leave('done');
    });
    first.leave('done');
    await Promise.all(later);
    expect(order).toEqual([1, 1, 2, 3]);
  });

  it('go to no worker that failed the unit while there is another', async () => {
    expect((await take(places(0), 0, [near])).address).toBe(far);
    expect((await take(places(0), 0, [near, far])).address).toBe(near);
  });

  it('are not on a worker that failed until it was looked at again', async () => {
    const of = places(0, 2);
    (await take(of)).leave('failed');
    expect((await take(of)).address).toBe(far);
    of.setReady(new Map([[near, 2]]));
    expect((await take(of)).address).toBe(near);
    expect(of.ready.map(({ address }) => address)).toEqual([near]);
  });
});
