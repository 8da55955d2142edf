import { BadInputError, ConfigError, LimitError, type QueueMessage, type Sql } from '@lakewright/core';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { describeDatabases } from '../../test/adapters.ts';
import { type SqlQueue, type SqlQueueOptions, sqlQueue } from '../index.ts';

const MINUTE = 60_000;
const FOR_EVER_MS = 60 * MINUTE;

/** The same database as another process sees it, and how many statements were sent through it. */
function watched(sql: Sql): Sql & { statements: () => number } {
  let statements = 0;
  return {
    statements: () => statements,
    query: (text, params) => {
      statements++;
      return sql.query(text, params);
    },
    transaction: (work) => sql.transaction(work),
    script: (text) => sql.script(text),
    close: () => sql.close(),
  };
}

describeDatabases('the queue', (empty) => {
  let sql: Sql;
  let nowMs: number;
  let queue: SqlQueue;
  const clock = { now: () => nowMs };
  const open = (options: Partial<SqlQueueOptions> = {}, on = sql) =>
    sqlQueue(on, { name: 'rules/one', visibilityMs: MINUTE, maxReceives: 2, clock, ...options });

  beforeEach(async () => {
    nowMs = 1_000_000;
    sql = await empty();
    queue = await open();
  });

  const receive = (max = 10, from: SqlQueue = queue) => from.receive({ max, waitMs: 0 });
  const bodies = (messages: readonly { body: string }[]) => messages.map(({ body }) => body);

  describe('time', () => {
    test('a message is hidden for exactly the visibility time, which extend begins anew', async () => {
      await queue.send([{ body: 'a' }]);
      const [first] = await receive();
      nowMs += MINUTE - 1;
      expect(await receive()).toEqual([]);
      await queue.extend([first]);
      nowMs += MINUTE - 1;
      expect(await receive()).toEqual([]);
      expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
      nowMs += 1;
      expect(await queue.counts()).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
      expect(await receive()).toMatchObject([{ body: 'a', receives: 2 }]);
    });

    test('a worker that is late but not replaced may still be done, or go on', async () => {
      await queue.send([{ body: 'a' }, { body: 'b' }]);
      const [a, b] = await receive();
      nowMs += MINUTE;
      await queue.extend([a]);
      await queue.delete([b]);
      expect(await receive()).toEqual([]);
      expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
    });

    test('silence on the last delivery is death, whoever looks first', async () => {
      await queue.send([{ body: 'a' }, { body: 'b' }]);
      await receive();
      nowMs += MINUTE;
      const late = await receive();
      nowMs += MINUTE;
      expect(await receive()).toEqual([]);
      expect(await queue.deadLetters(10)).toEqual(
        ['a', 'b'].map((body, i) => ({
          id: late[i].id,
          body,
          receives: 2,
          sentAtMs: 1_000_000,
          reason: 'the worker died or took longer than the visibility time',
        })),
      );
      // Who comes back after that has lost it, unless it was only slow and says that the message is done.
      await queue.extend(late);
      await queue.release(late[0], { delayMs: 0, reason: 'too late' });
      expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 2 });
      await queue.delete([late[1]]);
      expect(await queue.deadLetters(10)).toMatchObject([{ body: 'a' }]);
    });

    test('a delivery that was not counted leaves the message as it was before', async () => {
      await queue.send([{ body: 'a' }]);
      for (let i = 0; i < 5; i++) {
        const [message] = await receive();
        expect(message).toMatchObject({ body: 'a', receives: 1 });
        await queue.release(message, { delayMs: 0, reason: 'the worker stops', uncounted: true });
      }
      expect(await queue.counts()).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
    });

    test('what the dead had is handed out again at once, and is counted', async () => {
      await queue.send([{ body: 'a' }, { body: 'b' }]);
      const had = await receive(1);
      expect(await queue.takeBack()).toBe(1);
      expect((await receive()).map(({ body, receives }) => [body, receives])).toEqual([
        ['a', 2],
        ['b', 1],
      ]);
      await queue.delete(had);
      expect((await queue.counts()).inFlight).toBe(2);
    });

    test.each<[string, (strict: SqlQueue) => Promise<unknown>]>([
      ['asked for work', (strict) => receive(1, strict)],
      ['counted', (strict) => strict.counts()],
    ])('a maximum that was lowered buries what failed, with its own reason, when %s', async (_, look) => {
      await queue.send([{ body: 'a' }]);
      await queue.release((await receive())[0], { delayMs: 0, reason: 'it failed' });
      const strict = await open({ maxReceives: 1 });
      await look(strict);
      expect(await strict.deadLetters(1)).toMatchObject([{ body: 'a', receives: 1, reason: 'it failed' }]);
    });

    test('burying those that are silent does not keep the rest waiting', async () => {
      await queue.send(Array.from({ length: 5 }, (_, i) => ({ body: `old ${i}` })));
      await receive();
      nowMs += MINUTE;
      await receive();
      nowMs += MINUTE;
      await queue.send([{ body: 'new' }]);
      expect(bodies(await receive(2))).toEqual(['new']);
      expect((await queue.counts()).dead).toBe(5);
    });

    test('redriven messages begin anew, behind those that wait longer', async () => {
      await queue.send([{ body: 'dead' }]);
      for (let i = 0; i < 2; i++) {
        await queue.release((await receive())[0], { delayMs: 0, reason: `failure ${i}` });
      }
      await queue.send([{ body: 'waiting' }]);
      nowMs += 1;
      expect(await queue.redrive()).toBe(1);
      expect(bodies(await receive(1))).toEqual(['waiting']);
      expect(await receive(1)).toMatchObject([{ body: 'dead', receives: 1 }]);
      expect(await queue.deadLetters(10)).toEqual([]);
    });
  });

  describe('many at once', () => {
    test('one statement sends 500, receives 100 and deletes 500, in the order of sending', async () => {
      const counted = watched(sql);
      const many = await open({}, counted);
      const sent = Array.from({ length: 1_001 }, (_, i) => `message ${i}`);
      let before = counted.statements();
      await many.send(sent.map((body, i) => ({ body, deduplicationId: `${i % 1_000}` })));
      expect(counted.statements() - before).toBe(3);
      before = counted.statements();
      const got = [];
      for (let i = 0; i < 10; i++) got.push(...(await receive(1_000, many)));
      expect(bodies(got)).toEqual(sent.slice(0, 1_000));
      expect(counted.statements() - before).toBe(10);
      before = counted.statements();
      await many.delete(got);
      expect(counted.statements() - before).toBe(2);
      expect(await many.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    });

    test('big messages go in statements of a bounded size', async () => {
      const counted = watched(sql);
      const many = await open({}, counted);
      const before = counted.statements();
      await many.send(Array.from({ length: 40 }, () => ({ body: 'x'.repeat(256 * 1024) })));
      expect(counted.statements() - before).toBe(3);
      expect((await many.counts()).waiting).toBe(40);
    });

    test('maintenance gives the room of removed messages back', async () => {
      const size = async () =>
        Number(
          (await sql.query<{ bytes: bigint }>(`select pg_table_size('queue_message') as bytes`))[0].bytes,
        );
      await queue.send(Array.from({ length: 2_000 }, (_, i) => ({ body: `${i}`.padEnd(200, 'x') })));
      for (let got = await receive(100); got.length > 0; got = await receive(100)) await queue.delete(got);
      const full = await size();
      await queue.maintain();
      expect(await size()).toBeLessThan(full / 4);
    });
  });

  describe('what is refused', () => {
    test.each([
      ['an empty body', { body: '' }],
      ['a NUL', { body: 'a\0b' }],
      ['half a character', { body: 'a\ud800b' }],
      ['an empty deduplication id', { body: 'a', deduplicationId: '' }],
      ['a NUL in the deduplication id', { body: 'a', deduplicationId: 'a\0' }],
      ['a deduplication id of 2,049 bytes', { body: 'a', deduplicationId: `${'é'.repeat(1024)}x` }],
    ])('%s, and all that came with it', async (_, message) => {
      await expect(queue.send([{ body: 'good' }, message])).rejects.toThrow(BadInputError);
      expect((await queue.counts()).waiting).toBe(0);
    });

    test('the longest deduplication id there may be is none of them', async () => {
      // Random, so that PostgreSQL cannot make it shorter before it looks at its size.
      const deduplicationId = Array.from({ length: 2_048 }, () =>
        String.fromCharCode(33 + Math.floor(Math.random() * 94)),
      ).join('');
      const long = await open({ name: 'n'.repeat(256) });
      for (let i = 0; i < 2; i++) await long.send([{ body: 'a', deduplicationId }]);
      expect((await long.counts()).waiting).toBe(1);
    });

    test('a body beyond the limit that was set', async () => {
      const small = await open({ maxMessageBytes: 10 });
      await small.send([{ body: 'x'.repeat(10) }]);
      const sent = small.send([{ body: 'x'.repeat(11) }]);
      await expect(sent).rejects.toThrow(LimitError);
      await expect(sent).rejects.toThrow('11 bytes; the queue takes 10 at most');
    });

    test.each<Partial<SqlQueueOptions>>([
      { name: '' },
      { name: 'a b' },
      { name: 'n'.repeat(257) },
      { visibilityMs: 0 },
      { visibilityMs: 1.5 },
      { maxReceives: 0 },
      { maxReceives: Number.NaN },
      { maxMessageBytes: 0 },
    ])('the settings %j', async (options) => {
      await expect(open(options)).rejects.toThrow(ConfigError);
    });

    test('a table that a newer program made', async () => {
      await sql.query(`insert into queue_migration values (99, 'from the future', 0)`);
      await expect(open()).rejects.toThrow(ConfigError);
      await expect(open()).rejects.toThrow('the queue has version 99, this program knows 1');
    });
  });

  test('any reason is kept as far as PostgreSQL can hold it', async () => {
    await queue.send([{ body: 'a' }]);
    await receive();
    nowMs += MINUTE;
    const [message] = await receive();
    await queue.release(message, { delayMs: 0, reason: `a\0b\ud800c${'x'.repeat(5_000)}` });
    const [dead] = await queue.deadLetters(1);
    expect(dead.reason).toMatch(/^a\ufffdb\ufffdcx+$/);
    expect(dead.reason).toHaveLength(2_000);
  });

  test('queues of other names on the same database are nobody else’s business', async () => {
    const other = await open({ name: 'rules/two' });
    await queue.send([{ body: 'mine', deduplicationId: 'one' }]);
    await other.send([{ body: 'other', deduplicationId: 'one' }]);
    const [mine] = await receive();
    expect(mine.body).toBe('mine');
    await other.delete([mine]);
    await other.extend([mine]);
    await other.release(mine, { delayMs: 0, reason: 'not yours' });
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
    expect(await other.counts()).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
    await queue.release(mine, { delayMs: 0, reason: 'x' });
    await queue.release((await receive())[0], { delayMs: 0, reason: 'x' });
    expect(await other.redrive()).toBe(0);
    expect(await other.deadLetters(10)).toEqual([]);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 1 });
  });

  describe('waiting', () => {
    test('a message that another process sent is heard of', async () => {
      const other = await open({}, watched(sql));
      const waiting = queue.receive({ max: 1, waitMs: FOR_EVER_MS });
      await other.send([{ body: 'from afar' }]);
      expect(bodies(await waiting)).toEqual(['from afar']);
    });

    test.each<[string, (other: SqlQueue, received: QueueMessage) => Promise<unknown>]>([
      ['a send', (other) => other.send([{ body: 'a' }])],
      ['a release', (other, received) => other.release(received, { delayMs: 0, reason: 'x' })],
      ['a redrive', (other) => other.redrive()],
    ])('%s in this process is heard of without a look at the clock', async (what, act) => {
      const counted = watched(sql);
      const [waiter, other] = [await open({}, counted), await open({}, counted)];
      await other.send([{ body: 'dead' }, { body: 'received' }]);
      const [dead] = await receive(1, other);
      await other.release(dead, { delayMs: 0, reason: 'x' });
      const taken = await receive(2, other);
      await other.release(taken[0], { delayMs: 0, reason: 'x' });
      expect(await other.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 1 });
      // No timer ends a wait from here on.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const before = counted.statements();
        const waiting = waiter.receive({ max: 1, waitMs: FOR_EVER_MS });
        while (counted.statements() < before + 2) await new Promise(setImmediate);
        await act(other, taken[1]);
        expect(await waiting, what).toHaveLength(1);
      } finally {
        vi.useRealTimers();
      }
    });

    test('an idle queue is asked about once a second at most', async () => {
      const counted = watched(sql);
      const idle = await open({}, counted);
      const before = counted.statements();
      const began = performance.now();
      expect(await idle.receive({ max: 1, waitMs: 2_500 })).toEqual([]);
      const seconds = (performance.now() - began) / 1000;
      // Two statements for one look: what is there, and when something will be.
      expect(counted.statements() - before).toBeLessThanOrEqual(2 * (Math.floor(seconds) + 2));
    });

    test('all receivers of one message: one gets it, the others wait on until they are told to stop', async () => {
      const stop = new AbortController();
      const receivers = [queue, await open(), await open()].map((one) =>
        one.receive({ max: 10, waitMs: FOR_EVER_MS, signal: stop.signal }),
      );
      await queue.send([{ body: 'one' }]);
      expect(bodies(await Promise.race(receivers))).toEqual(['one']);
      stop.abort();
      expect((await Promise.all(receivers)).flat()).toHaveLength(1);
    });

    test('a wait that is over leaves nothing at the signal', async () => {
      const stop = new AbortController();
      let listeners = 0;
      const { signal } = stop;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--;
        remove(...args);
      };
      const waiting = queue.receive({ max: 1, waitMs: FOR_EVER_MS, signal });
      await waitFor('the receiver to wait', () => listeners === 1);
      await queue.send([{ body: 'a' }]);
      expect(await waiting).toHaveLength(1);
      expect(listeners).toBe(0);
    });
  });
});
