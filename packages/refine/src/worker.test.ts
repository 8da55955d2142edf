import { type ObjectCreated, type Queue, systemClock, UnavailableError } from '@lakewright/core';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { waitFor } from '../../../test/support/wait.ts';
import { describeEmbedded, sqlQueue } from '../../local/test/adapters.ts';
import { BUCKET, type Stand, stand } from '../test/stand.ts';
import { HandlerError } from './errors.ts';
import type { Handler } from './handler.ts';
import { refineMetrics } from './metrics.ts';
import { InputSource, inputMessage } from './source.ts';
import { runRefine } from './worker.ts';

/** Runs workers of the stand over `queue` while `work` goes on. */
async function serving(on: Stand, queue: Queue, work: () => Promise<void>): Promise<Registry> {
  const registry = new Registry();
  const metrics = refineMetrics(registry);
  const stop = new AbortController();
  const settings = { waitMs: 200, retryMs: 10, maxRetryMs: 20, drainMs: 100 };
  const dependencies = { ...on, queue, metrics, clock: systemClock, settings };
  const running = [runRefine(dependencies, stop.signal), new InputSource(dependencies).run(stop.signal)];
  try {
    await work();
  } finally {
    stop.abort();
    await Promise.all(running);
  }
  return registry;
}

/** Tells the queue of inputs as a push does. */
const announce = (queue: Queue, events: readonly ObjectCreated[]) =>
  queue.send(events.map(({ key, etag = '', size = 0 }) => inputMessage(BUCKET, { key, etag, size }, 0)));

const empty = (queue: Queue) => async () => {
  const { waiting, inFlight } = await queue.counts();
  return waiting + inFlight === 0;
};

describeEmbedded('runRefine', (database) => {
  const open = async (visibilityMs = 30_000) =>
    sqlQueue(await database(), { name: 'Refiner', visibilityMs, maxReceives: 3 });

  it('completes what is announced and empties the queue', async () => {
    const [on, queue] = [await stand(), await open()];
    const events = await Promise.all(Array.from({ length: 25 }, (_, i) => on.input(`${i}/x.txt`)));
    await announce(queue, events);
    const registry = await serving(on, queue, async () => {
      await waitFor('the queue to be empty', empty(queue));
    });
    expect(await on.keys('RefinerComplete/')).toHaveLength(25);
    expect(await on.keys('RefinerOutput/')).toHaveLength(50);
    expect(await registry.metrics()).toContain(
      'lakewright_refine_objects_total{rule="Refiner",outcome="completed"} 25',
    );
  });

  it('finds what nobody announced, and nothing twice', async () => {
    const [on, queue] = [await stand(), await open()];
    await on.input('dropped.txt');
    let handled = 0;
    const counting: Handler = (input, put, context) => {
      handled++;
      return on.handler(input, put, context);
    };
    await serving(on.with(counting), queue, async () => {
      await waitFor('a completion', async () => (await on.keys('RefinerComplete/')).length === 1);
    });
    // A new process lists everything again.
    await serving(on.with(counting), queue, async () => {
      await on.input('later.txt');
      await waitFor('the second completion', async () => (await on.keys('RefinerComplete/')).length === 2);
    });
    expect(handled).toBe(2);
  });

  it('announces what is pushed at once, each once, and tells everybody of a queue that is away', async () => {
    const [on, queue] = [await stand(), await open()];
    const batches: number[] = [];
    let away = false;
    const counting: Queue = Object.assign(Object.create(queue) as Queue, {
      send: async (messages: readonly { body: string; deduplicationId?: string }[]) => {
        batches.push(messages.length);
        if (away) throw new UnavailableError('away');
        await queue.send(messages);
      },
    });
    const metrics = refineMetrics(new Registry());
    const source = new InputSource({ ...on, queue: counting, metrics, clock: systemClock });
    const infos = await Promise.all(
      Array.from({ length: 20 }, (_, i) => on.store.put(`RefinerInput/${i}`, new Uint8Array(i))),
    );
    await Promise.all(infos.map((info) => source.announce(info)));
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(batches.length).toBeLessThan(5);
    expect((await queue.counts()).waiting).toBe(20);
    away = true;
    const refused = await Promise.allSettled(infos.map((info) => source.announce(info)));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    away = false;
    await source.announce(infos[0]);
  });

  it('gives up after max receives, leaves the others alone, and completes it when redriven', async () => {
    const [on, queue] = [await stand(), await open()];
    const events = await Promise.all(['a.txt', 'bad.txt', 'c.txt'].map((path) => on.input(path)));
    let mended = false;
    let attempts = 0;
    const handler: Handler = (input, put, context) => {
      if (!input.key.endsWith('bad.txt')) return on.handler(input, put, context);
      attempts++;
      if (!mended) throw new HandlerError('unknown code system');
      return on.handler(input, put, context);
    };
    await announce(queue, events);
    await serving(on.with(handler), queue, async () => {
      await waitFor('the queue to be empty', empty(queue));
      expect(attempts).toBe(3);
      expect(await on.keys('RefinerComplete/')).toEqual([
        'RefinerComplete/a.txt.json',
        'RefinerComplete/c.txt.json',
      ]);
      expect(await queue.deadLetters(10)).toEqual([
        expect.objectContaining({ receives: 3, reason: 'unknown code system' }),
      ]);
      mended = true;
      expect(await queue.redrive()).toBe(1);
      await waitFor('the third completion', async () => (await on.keys('RefinerComplete/')).length === 3);
      await waitFor('the queue to be empty', empty(queue));
    });
    expect((await queue.counts()).dead).toBe(0);
  });

  it('keeps a message hidden for as long as its handler works', async () => {
    const [on, queue] = [await stand(), await open(1000)];
    await announce(queue, [await on.input('slow.txt')]);
    let handled = 0;
    const until = performance.now() + 2500;
    const slow: Handler = async (input, put, context) => {
      handled++;
      await waitFor('a time that is longer than the visibility', () => performance.now() > until);
      return on.handler(input, put, context);
    };
    await serving(on.with(slow), queue, async () => {
      await waitFor('the queue to be empty', empty(queue));
    });
    expect(handled).toBe(1);
  });

  it('does not count a delivery that its own end cut off', async () => {
    const [on, queue] = [await stand(), await open()];
    await announce(queue, [await on.input('a.txt')]);
    for (let stops = 0; stops < 4; stops++) {
      const begun = Promise.withResolvers<void>();
      const stuck: Handler = () => {
        begun.resolve();
        return new Promise(() => undefined);
      };
      await serving(on.with(stuck), queue, () => begun.promise);
    }
    expect(await queue.counts()).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
  });

  it('finds the others when one input cannot be completed', async () => {
    const [on, queue] = [await stand(), await open()];
    await on.input('x'.repeat(255));
    await on.input('good.txt');
    await serving(on, queue, async () => {
      await waitFor('the good one', async () => (await on.keys('RefinerComplete/')).length === 1);
      await waitFor('the dead letter', async () => (await queue.counts()).dead === 1);
    });
  });

  it('waits for the batch in progress when it is stopped', async () => {
    const [on, queue] = [await stand(), await open()];
    await announce(queue, [await on.input('a.txt')]);
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const waiting: Handler = async (input, put, context) => {
      begun.resolve();
      await go.promise;
      return on.handler(input, put, context);
    };
    await serving(on.with(waiting), queue, async () => {
      await begun.promise;
      setImmediate(go.resolve);
    });
    expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/a.txt.json']);
    expect(await empty(queue)()).toBe(true);
  });
});
