import { expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { QueueUnderTest } from '../queue-suite.ts';
import { bodiesOf, bury, receiveAll, receiveOne, sendTexts, sorted, waitForDead } from './support.ts';

/** Messages that are given up, looked at, and tried again. */
export function deadLetterTests({ open, capabilities }: QueueUnderTest): void {
  const { deadLettersInFull } = capabilities;

  test('a message that is released as often as it may be received is dead, and its neighbours are not', async () => {
    const { queue } = await open({ maxReceives: 3 });
    await sendTexts(queue, 'bad', 'good');
    const before = Date.now();
    for (let receives = 1; receives <= 3; receives++) {
      const messages = await receiveAll(queue, receives === 1 ? 2 : 1);
      const bad = messages.find(({ body }) => body === 'bad');
      if (bad === undefined) throw new Error('the bad message did not come');
      expect(bad.receives).toBe(receives);
      await queue.delete(messages.filter(({ body }) => body === 'good'));
      await queue.release(bad, { delayMs: 0, reason: `failure ${receives}` });
    }
    expect(await waitForDead(queue, 1)).toEqual([]);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 1 });
    const [dead, ...others] = await queue.deadLetters(10);
    expect(others).toEqual([]);
    expect(dead).toMatchObject({ body: 'bad' });
    expect(Math.abs(dead.sentAtMs - before)).toBeLessThan(60_000);
    if (deadLettersInFull) expect(dead).toMatchObject({ receives: 3, reason: 'failure 3' });
    else expect(dead.receives).toBeGreaterThanOrEqual(3);
  });

  test('the last failure of a message makes it dead at once, whatever delay it comes with', async () => {
    const { queue } = await open({ maxReceives: 1 });
    await sendTexts(queue, 'bad');
    await queue.release(await receiveOne(queue), { delayMs: 600_000, reason: 'it failed' });
    expect(await waitForDead(queue, 1)).toEqual([]);
  });

  test('a message whose workers fall silent is dead after as many receives', async () => {
    const { queue } = await open({ visibilityMs: 1_000, maxReceives: 2 });
    await sendTexts(queue, 'silent');
    const first = await receiveOne(queue);
    const seen = await waitForDead(queue, 1);
    expect(seen.map(({ id, receives }) => [id, receives])).toEqual([[first.id, 2]]);
    expect(bodiesOf(await queue.deadLetters(1))).toEqual(['silent']);
    expect(await queue.receive({ max: 10, waitMs: 0 })).toEqual([]);
    if (deadLettersInFull) expect((await queue.deadLetters(1))[0].reason).toMatch(/./);
  });

  test('dead letters stay where they are when they are looked at', async () => {
    const { queue, again } = await open({ maxReceives: 1 });
    expect(await queue.deadLetters(10)).toEqual([]);
    const bodies = Array.from({ length: 23 }, (_, i) => `bad ${i}`);
    for (const body of bodies) await sendTexts(queue, body);
    await bury(queue, bodies.length, 1);
    for (const looker of [queue, await again()]) {
      const dead = await looker.deadLetters(100);
      expect(bodiesOf(dead)).toEqual(sorted(bodies));
      expect(new Set(dead.map(({ id }) => id)).size).toBe(bodies.length);
      if (deadLettersInFull) expect(dead.map(({ body }) => body)).toEqual(bodies);
      expect((await queue.counts()).dead).toBe(bodies.length);
    }
    expect(await queue.deadLetters(5)).toHaveLength(5);
    expect(await queue.deadLetters(0)).toEqual([]);
    expect(await queue.receive({ max: 10, waitMs: 0 })).toEqual([]);
  });

  test('redrive puts every dead letter back, its receives forgotten', async () => {
    const { queue, again } = await open({ maxReceives: 2 });
    expect(await queue.redrive()).toBe(0);
    const bodies = Array.from({ length: 23 }, (_, i) => `bad ${i}`);
    await sendTexts(queue, ...bodies);
    await bury(queue, bodies.length, 2);
    await sendTexts(queue, 'never dead');
    const ids = (await queue.deadLetters(100)).map(({ id }) => id);
    expect(await (await again()).redrive()).toBe(bodies.length);
    expect(await queue.counts()).toEqual({ waiting: bodies.length + 1, inFlight: 0, dead: 0 });
    const messages = await receiveAll(queue, bodies.length + 1);
    expect(bodiesOf(messages)).toEqual(sorted([...bodies, 'never dead']));
    expect(messages.every(({ receives }) => receives === 1)).toBe(true);
    if (capabilities.idOutlivesRedrive) {
      const redriven = messages.filter(({ body }) => body !== 'never dead').map(({ id }) => id);
      expect(sorted(redriven)).toEqual(sorted(ids));
    }
    await queue.delete(messages);
    expect(await queue.redrive()).toBe(0);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('a redriven message that fails again is dead again', async () => {
    const { queue } = await open({ maxReceives: 2 });
    await sendTexts(queue, 'bad');
    await bury(queue, 1, 2);
    expect(await queue.redrive()).toBe(1);
    await bury(queue, 1, 2);
    expect(bodiesOf(await queue.deadLetters(10))).toEqual(['bad']);
    expect(await queue.redrive()).toBe(1);
    await queue.delete([await receiveOne(queue)]);
    expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('redrive wakes who waits', async () => {
    const { queue, again } = await open({ maxReceives: 1 });
    await sendTexts(queue, 'bad');
    await bury(queue, 1, 1);
    const waiting = (await again()).receive({ max: 10, waitMs: 3_600_000 });
    expect(await queue.redrive()).toBe(1);
    expect(bodiesOf(await waiting)).toEqual(['bad']);
  });

  test.skipIf(!capabilities.countsAreExact)(
    'who died on the last delivery is counted as dead unasked',
    async () => {
      const { queue } = await open({ visibilityMs: 1_000, maxReceives: 1 });
      await sendTexts(queue, 'silent');
      await receiveOne(queue);
      await waitFor('the message to be dead', async () => (await queue.counts()).dead === 1);
      expect(await queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 1 });
      expect(await queue.redrive()).toBe(1);
      expect(await receiveOne(queue)).toMatchObject({ body: 'silent', receives: 1 });
    },
  );
}
