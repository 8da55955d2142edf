import { zstdDecompressSync } from 'node:zlib';
import {
  BadInputError,
  LimitError,
  type ObjectInfo,
  type Signal,
  silentLogger,
  systemClock,
  UnavailableError,
} from '@lakewright/core';
import type { RawRequest } from '@lakewright/otlp';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryStore } from '../../../local/test/adapters.ts';
import { diskFull, FailingStore } from '../../test/fakes.ts';
import { ORGANIZATION, OTHER_ORGANIZATION } from '../../test/raw-objects.ts';
import type { NewRawObject } from '../catalog/index.ts';
import { type CommitLimits, type GroupCommitter, groupCommitter, parseRawKey } from './index.ts';

let store: FailingStore;
let remove: () => Promise<void>;
let committed: NewRawObject[];
let registry: Registry;

beforeEach(async () => {
  const temporary = await temporaryStore();
  store = new FailingStore(temporary.store);
  remove = temporary.remove;
  committed = [];
  registry = new Registry();
});
afterEach(() => remove());

function committer(limits: Partial<CommitLimits> = {}): GroupCommitter {
  return groupCommitter({
    store,
    clock: systemClock,
    logger: silentLogger,
    metrics: registry,
    limits: { commitIntervalMs: 2, ...limits },
    onCommitted: (object) => committed.push(object),
  });
}

function request(body: string | Uint8Array, more: Partial<RawRequest> = {}): RawRequest {
  return {
    organization: ORGANIZATION,
    collector: 'default',
    signal: 'logs',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    records: 1,
    ...more,
  };
}

/** Every stored object's body, with its description. */
async function stored(): Promise<{ info: ObjectInfo; body: string }[]> {
  const all = [];
  for await (const info of store.list('')) {
    all.push({ info, body: zstdDecompressSync(await store.get(info.key)).toString() });
  }
  return all;
}

/** Lets every put wait until it is released. */
function holdPuts(): { waiting: () => number; release: () => void } {
  const held: (() => void)[] = [];
  const put = store.put.bind(store);
  store.put = async (key, body) => {
    await new Promise<void>((resolve) => held.push(resolve));
    return put(key, body);
  };
  return { waiting: () => held.length, release: () => void held.shift()?.() };
}

describe('a commit', () => {
  test('is one object of all that waited, answered when it is there', async () => {
    const sink = committer();
    await Promise.all(['a;', 'b;', 'c;'].map((body) => sink.accept(request(body))));
    const [{ info, body }, ...others] = await stored();
    expect(others).toEqual([]);
    expect(body).toBe('a;b;c;');
    const { key, etag, size } = info;
    const parsed = parseRawKey(key);
    expect(committed).toEqual([
      {
        organization: ORGANIZATION,
        collector: 'default',
        signal: 'logs',
        key,
        etag,
        size,
        arrivedNs: BigInt(parsed?.arrivedMs ?? 0) * 1_000_000n,
      },
    ]);
    expect(await registry.metrics()).toContain('lakewright_raw_records_total{signal="logs"} 3');
    expect(await registry.metrics()).toContain('lakewright_raw_waiting_bytes 0');
  });

  test('never mixes organizations, collectors or signals', async () => {
    const sink = committer();
    const groups = [
      {},
      { organization: OTHER_ORGANIZATION },
      { collector: 'edge' },
      { signal: 'traces' as const },
    ];
    await Promise.all(groups.map((group, i) => sink.accept(request(`body ${i}`, group))));
    for (const { info, body } of await stored()) {
      const group = groups[Number(body.slice(5))];
      expect(parseRawKey(info.key)).toMatchObject({
        organization: ORGANIZATION,
        collector: 'default',
        signal: 'logs',
        ...group,
      });
    }
    expect(committed).toHaveLength(4);
  });

  test('starts at once when enough bytes wait', async () => {
    const sink = committer({ commitIntervalMs: 1e6, commitBytes: 4 });
    await Promise.all([sink.accept(request('ab')), sink.accept(request('cd'))]);
    expect((await stored()).map(({ body }) => body)).toEqual(['abcd']);
    await sink.close();
  });

  test('at most two are in progress: what comes meanwhile goes together', async () => {
    const sink = committer({ commitIntervalMs: 1e6, commitBytes: 4 });
    const puts = holdPuts();
    const first = ['aaaa', 'bbbb'].map((body) => sink.accept(request(body)));
    await vi.waitFor(() => expect(puts.waiting()).toBe(2));
    const later = ['c', 'd', 'e'].map((body) => sink.accept(request(body)));
    const closed = sink.close();
    expect(puts.waiting()).toBe(2);
    puts.release();
    puts.release();
    await Promise.all(first);
    await vi.waitFor(() => expect(puts.waiting()).toBe(1));
    puts.release();
    await Promise.all([...later, closed]);
    expect((await stored()).map(({ body }) => body).sort()).toEqual(['aaaa', 'bbbb', 'cde']);
  });

  test('nobody is answered before the object is there', async () => {
    const sink = committer();
    const puts = holdPuts();
    let answered = false;
    const accepted = sink.accept(request('x')).then(() => {
      answered = true;
    });
    await vi.waitFor(() => expect(puts.waiting()).toBe(1));
    expect(answered).toBe(false);
    puts.release();
    await accepted;
    expect(await stored()).toHaveLength(1);
  });
});

describe('what is refused', () => {
  test('everything of a commit whose put fails, and nothing after that', async () => {
    const sink = committer();
    store.fault = (operation) => (operation === 'put' ? diskFull() : undefined);
    const results = await Promise.allSettled(['a', 'b'].map((body) => sink.accept(request(body))));
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) });
    }
    expect(await stored()).toEqual([]);
    expect(committed).toEqual([]);
    store.fault = () => undefined;
    await sink.accept(request('c'));
    expect((await stored()).map(({ body }) => body)).toEqual(['c']);
  });

  test('a failure of another kind is UnavailableError too', async () => {
    store.fault = () => new TypeError('a fault of the program');
    await expect(committer().accept(request('a'))).rejects.toThrow(UnavailableError);
  });

  test('more than may wait, with the name of the limit', async () => {
    const sink = committer({ maxWaitingBytes: 10 });
    const puts = holdPuts();
    const big = sink.accept(request(new Uint8Array(50)));
    const refused = sink.accept(request('x'));
    await expect(refused).rejects.toThrow(LimitError);
    await expect(refused).rejects.toMatchObject({ limit: 'maxWaitingBytes' });
    await vi.waitFor(() => expect(puts.waiting()).toBe(1));
    puts.release();
    await big;
    const small = sink.accept(request('y'));
    await vi.waitFor(() => expect(puts.waiting()).toBe(1));
    puts.release();
    await small;
  });

  test('what cannot be part of a key', async () => {
    const sink = committer();
    await expect(sink.accept(request('a', { collector: '..' }))).rejects.toThrow(BadInputError);
    await expect(sink.accept(request('a', { organization: '../..' }))).rejects.toThrow(BadInputError);
    expect(await stored()).toEqual([]);
  });

  test('everything after closing, which waits for what came before', async () => {
    const sink = committer({ commitIntervalMs: 1e6 });
    const before = sink.accept(request('a'));
    await sink.close();
    await before;
    await expect(sink.accept(request('b'))).rejects.toThrow(UnavailableError);
    expect((await stored()).map(({ body }) => body)).toEqual(['a']);
    await sink.close();
  });
});

test('an empty request is accepted and stores nothing', async () => {
  await committer().accept(request('', { records: 0 }));
  expect(await stored()).toEqual([]);
});

test('a listener that throws harms nobody', async () => {
  const sink = groupCommitter({
    store,
    clock: systemClock,
    logger: silentLogger,
    metrics: registry,
    limits: { commitIntervalMs: 1 },
    onCommitted: () => {
      throw new Error('nobody listens');
    },
  });
  await sink.accept(request('a'));
  expect(await stored()).toHaveLength(1);
});

test('acknowledged is stored exactly once, refused is not stored, whatever fails and however it is grouped', async () => {
  const one = fc.record({
    signal: fc.constantFrom<Signal>('logs', 'traces'),
    collector: fc.constantFrom('a', 'b'),
    size: fc.integer({ min: 0, max: 30 }),
    /** Turns of the event loop before the next request. */
    pause: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(one, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 2 }),
      fc.infiniteStream(fc.boolean()),
      async (requests, commitBytes, commitIntervalMs, failures) => {
        for await (const { key } of store.list('')) await store.delete(key);
        committed = [];
        registry = new Registry();
        store.fault = (operation) =>
          operation === 'put' && failures.next().value === true ? diskFull() : undefined;
        const sink = committer({ commitBytes, commitIntervalMs });
        const answers: Promise<boolean>[] = [];
        for (const [i, { signal, collector, size, pause }] of requests.entries()) {
          const accepted = sink.accept(request(`<${i}${'.'.repeat(size)}>`, { signal, collector }));
          answers.push(
            accepted.then(
              () => true,
              () => false,
            ),
          );
          for (let turn = 0; turn < pause; turn++) await new Promise((resolve) => setImmediate(resolve));
        }
        await sink.close();
        const acknowledged = (await Promise.all(answers)).flatMap((yes, i) => (yes ? [i] : []));
        const objects = await stored();
        const found = objects.flatMap(({ info, body }) => {
          const numbers = [...body.matchAll(/<(\d+)\.*>/g)].map((match) => Number(match[1]));
          // Only bodies of the key's own group, whole and in the order in which they came.
          for (const i of numbers) expect(parseRawKey(info.key)).toMatchObject(pick(requests[i]));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          return numbers;
        });
        expect(found.sort((a, b) => a - b)).toEqual(acknowledged);
        expect(committed.map(({ key }) => key).sort()).toEqual(objects.map(({ info }) => info.key));
      },
    ),
    { numRuns: 60 },
  );
});

function pick({ signal, collector }: { signal: Signal; collector: string }): object {
  return { signal, collector };
}
