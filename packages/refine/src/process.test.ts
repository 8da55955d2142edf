import { LimitError, NotFoundError, type ObjectStore, PreconditionError } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { never, type Stand, stand, standOver } from '../test/stand.ts';
import { HandlerError } from './errors.ts';
import type { Handler } from './handler.ts';
import { processObject } from './process.ts';

async function everything(on: Stand): Promise<Record<string, string>> {
  const keys = await on.keys('Refiner');
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await on.text(key)])));
}

describe('processObject', () => {
  it('writes two copies and a completion that names them', async () => {
    const on = await stand();
    const outcome = await processObject(on, await on.input('helloworld.txt'), never);
    const outputs = await on.keys('RefinerOutput/');
    expect(outputs).toEqual([
      expect.stringMatching(
        /^RefinerOutput\/[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.txt$/,
      ),
      expect.stringMatching(/\.txt$/),
    ]);
    expect(await Promise.all(outputs.map(on.text))).toEqual(['hello world\n', 'hello world\n']);
    expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/helloworld.txt.json']);
    const named = JSON.parse(await on.text('RefinerComplete/helloworld.txt.json')) as string[];
    expect([...named].sort()).toEqual(outputs);
    expect(outcome).toEqual({ kind: 'completed', outputs: named });
    expect(await on.store.describe('RefinerComplete/helloworld.txt.json')).toMatchObject({
      contentType: 'application/json',
    });
  });

  it('logs the paths and the completion, never the content', async () => {
    const on = await stand();
    await processObject(on, await on.input('a.txt', 'Jane Roe, 1970-01-01'), never);
    const log = on.lines.join('\n');
    for (const key of [
      ...(await on.keys('RefinerOutput/')),
      'RefinerInput/a.txt',
      'RefinerComplete/a.txt.json',
    ]) {
      expect(log).toContain(key);
    }
    expect(log).not.toContain('Jane');
  });

  it('keeps equal names in different folders apart', async () => {
    const on = await stand();
    for (const path of ['a/x.txt', 'b/x.txt', 'x.txt', 'a/x.txt.json']) {
      await processObject(on, await on.input(path), never);
    }
    expect(await on.keys('RefinerComplete/')).toEqual([
      'RefinerComplete/a/x.txt.json',
      'RefinerComplete/a/x.txt.json.json',
      'RefinerComplete/b/x.txt.json',
      'RefinerComplete/x.txt.json',
    ]);
    expect(await on.keys('RefinerOutput/')).toHaveLength(8);
  });

  it('carries bytes, type and metadata over as they are', async () => {
    const on = await stand();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
    const info = await on.store.put('RefinerInput/scan.bin', bytes, {
      contentType: 'application/dicom',
      metadata: { ward: '7' },
    });
    const event = { ...(await on.input('other')), key: info.key, etag: info.etag };
    await processObject(on, event, never);
    for (const key of await on.keys('RefinerOutput/')) {
      expect(Buffer.from(await on.store.get(key)).equals(bytes)).toBe(true);
      expect(await on.store.describe(key)).toMatchObject({
        contentType: 'application/dicom',
        metadata: { ward: '7' },
      });
    }
  });

  it('does nothing when the object is completed', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    await processObject(on, event, never);
    const before = await everything(on);
    const again = await processObject(
      on.with(() => expect.fail('handled twice')),
      event,
      never,
    );
    expect(again).toEqual({ kind: 'already' });
    expect(await everything(on)).toEqual(before);
  });

  it('makes the same objects again after a death before the completion', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    const dying: ObjectStore = {
      ...on.store,
      describe: (key) => on.store.describe(key),
      open: (key) => on.store.open(key),
      put: (key, body, options) =>
        key.startsWith('RefinerComplete/')
          ? Promise.reject(new Error('killed'))
          : on.store.put(key, body, options),
    };
    await expect(processObject(standOver(dying, on.rule, on.handler), event, never)).rejects.toThrow(
      'killed',
    );
    const orphans = await on.keys('RefinerOutput/');
    expect(orphans).toHaveLength(2);
    await processObject(on, event, never);
    expect(await on.keys('RefinerOutput/')).toEqual(orphans);
  });

  it('ends in one completion when two workers have the object at once', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    const both = Promise.withResolvers<void>();
    let inside = 0;
    const meeting: Handler = async (input, put, context) => {
      if (++inside === 2) both.resolve();
      await both.promise;
      return on.handler(input, put, context);
    };
    const outcomes = await Promise.all([1, 2].map(() => processObject(on.with(meeting), event, never)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['already', 'completed']);
    expect(await on.keys('RefinerOutput/')).toHaveLength(2);
  });

  it('completes the object that is there now, whatever the message knew of it', async () => {
    const on = await stand();
    const old = await on.input('a.txt', 'old');
    const now = await on.input('a.txt', 'new');
    await processObject(on, old, never);
    expect(await Promise.all((await on.keys('RefinerOutput/')).map(on.text))).toEqual(['new', 'new']);
    expect(await processObject(on, now, never)).toEqual({ kind: 'already' });
  });

  it('completes an object again that was replaced, and keeps what was made of the first', async () => {
    const on = await stand();
    await processObject(on, await on.input('a.txt', 'first'), never);
    await processObject(on, await on.input('a.txt', 'second'), never);
    const named = JSON.parse(await on.text('RefinerComplete/a.txt.json')) as string[];
    expect(await Promise.all(named.map(on.text))).toEqual(['second', 'second']);
    expect(await on.keys('RefinerOutput/')).toHaveLength(4);
  });

  it('fails, to be tried again, when the object changes under the handler', async () => {
    const on = await stand();
    const event = await on.input('a.txt', 'first');
    const replacing: Handler = async (input, put) => {
      await on.input('a.txt', 'second, longer');
      return [await put({ body: input.body })];
    };
    await expect(processObject(on.with(replacing), event, never)).rejects.toThrow(PreconditionError);
    expect(await on.keys('RefinerComplete/')).toEqual([]);
  });

  it.each([
    ['RefinerInput/folder/', /folder marker/],
    ['RefinerOutput/a.txt', /an output of this rule/],
    ['RefinerComplete/a.txt.json', /an output of this rule/],
    ['Elsewhere/a.txt', /not below RefinerInput\//],
  ])('leaves %s alone', async (key, reason) => {
    const on = await stand();
    const event = { ...(await on.input('a.txt')), key };
    expect(
      await processObject(
        on.with(() => expect.fail('handled')),
        event,
        never,
      ),
    ).toEqual({
      kind: 'skipped',
      reason: expect.stringMatching(reason),
    });
  });

  it('knows an object that is gone since it was completed', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    await processObject(on, event, never);
    await on.store.delete(event.key);
    expect(await processObject(on, event, never)).toEqual({ kind: 'already' });
  });

  it('refuses an object that is gone, or of another bucket', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    await expect(processObject(on, { ...event, bucket: 'other' }, never)).rejects.toThrow(/bucket other/);
    await on.store.delete(event.key);
    await expect(processObject(on, event, never)).rejects.toThrow(NotFoundError);
  });
});

async function* chunks(...given: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* given;
}

describe('the contract of a handler', () => {
  it.each<[string, Handler, RegExp]>([
    ['no answer', (() => undefined) as unknown as Handler, /no list of keys/],
    ['a key of its own', () => ['RefinerOutput/mine.txt'], /answer at 0/],
    [
      'an output that it did not wait for',
      (input, put) => [String(void put({ body: input.body }))],
      /answer at 0/,
    ],
    [
      'other arrays',
      (_input, put) => Promise.all([put({ body: new Uint16Array(2) as never })]),
      /is no text|typed/,
    ],
    ['lists', (_input, put) => Promise.all([put({ body: [1, 2] as never })]), /is no text/],
    [
      'chunks that are no bytes',
      (_input, put) => Promise.all([put({ body: chunks('text' as never) })]),
      /chunk of an output/,
    ],
    [
      'a chunk that is nothing',
      (_input, put) => Promise.all([put({ body: chunks(undefined as never) })]),
      /chunk of an output/,
    ],
    [
      'no extension',
      (_input, put) => Promise.all([put({ body: '', extension: 'a/b' })]),
      /is not an extension/,
    ],
  ])('refuses %s', async (_what, handler, reason) => {
    const on = await stand();
    const event = await on.input('a.txt');
    const attempt = processObject(on.with(handler), event, never);
    await expect(attempt).rejects.toThrow(HandlerError);
    await expect(attempt).rejects.toThrow(reason);
    expect(await on.keys('RefinerComplete/')).toEqual([]);
  });

  it('lets it choose outputs, their type and extension', async () => {
    const on = await stand();
    const handler: Handler = async (_input, put) => {
      await put({ body: 'scratch' });
      return [await put({ body: '{"a":1}', contentType: 'application/fhir+json', extension: '.json' })];
    };
    await processObject(on.with(handler), await on.input('a.txt'), never);
    const [key, ...more] = JSON.parse(await on.text('RefinerComplete/a.txt.json')) as string[];
    expect(more).toEqual([]);
    expect(key).toMatch(/\.json$/);
    expect(await on.store.describe(key)).toMatchObject({
      contentType: 'application/fhir+json',
      metadata: {},
    });
  });

  it('completes an object of which nothing is made', async () => {
    const on = await stand();
    await processObject(
      on.with(() => []),
      await on.input('a.txt'),
      never,
    );
    expect(await on.text('RefinerComplete/a.txt.json')).toBe('[]');
  });

  it('fails with an output that could not be written, though the handler did not wait for it', async () => {
    const on = await stand();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      throw new HandlerError('broke off');
    };
    const handler: Handler = (_input, put) => {
      void put({ body: broken() });
      return [];
    };
    const attempt = processObject(on.with(handler), await on.input('a.txt'), never);
    await expect(attempt).rejects.toThrow('broke off');
    expect(await on.keys('RefinerComplete/')).toEqual([]);
  });

  it('lets it read the object as often as it likes', async () => {
    const on = await stand();
    const lengths: number[] = [];
    const handler: Handler = async ({ body }) => {
      for (let i = 0; i < 3; i++)
        lengths.push((await Array.fromAsync(body)).reduce((sum, { length }) => sum + length, 0));
      return [];
    };
    await processObject(on.with(handler), await on.input('a.txt', 'x'.repeat(1000)), never);
    expect(lengths).toEqual([1000, 1000, 1000]);
  });

  it('ends a handler whose time is over, and lets it put no more', async () => {
    const on = await stand({ timeout: 1 });
    const late = Promise.withResolvers<unknown>();
    const handler: Handler = async (_input, put, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await put({ body: 'late' }).then(late.resolve, late.resolve);
      return [];
    };
    const attempt = processObject(on.with(handler), await on.input('a.txt'), never);
    await expect(attempt).rejects.toThrow(LimitError);
    await expect(attempt).rejects.toThrow(/longer than 1 s/);
    expect(await late.promise).toMatchObject({ name: 'LimitError' });
    expect(await on.keys('RefinerOutput/')).toEqual([]);
  });

  it('ends an output that never ends, and lets go of it', async () => {
    const on = await stand({ timeout: 1 });
    const handler: Handler = (_input, put) => {
      void put({ body: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) } });
      return [];
    };
    const attempt = processObject(on.with(handler), await on.input('a.txt'), never);
    await expect(attempt).rejects.toThrow(/longer than 1 s/);
    expect(await on.keys('')).toEqual(['RefinerInput/a.txt']);
  });

  it('lets a handler that has failed put no more', async () => {
    const on = await stand();
    const failed = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const handler: Handler = (_input, put) => {
      void failed.promise.then(() => put({ body: 'late' })).then(late.resolve, late.resolve);
      throw new HandlerError('failed');
    };
    const attempt = processObject(on.with(handler), await on.input('a.txt'), never);
    await expect(attempt).rejects.toThrow('failed');
    failed.resolve();
    expect(await late.promise).toBeInstanceOf(Error);
    expect(await on.keys('RefinerOutput/')).toEqual([]);
  });

  it('stops with its worker', async () => {
    const on = await stand();
    const stop = new AbortController();
    const handler: Handler = () => {
      stop.abort(new Error('stopping'));
      return new Promise(() => undefined);
    };
    await expect(processObject(on.with(handler), await on.input('a.txt'), stop.signal)).rejects.toThrow(
      'stopping',
    );
  });
});
