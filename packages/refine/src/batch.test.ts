import { describe, expect, it } from 'vitest';
import { message, never, stand } from '../test/stand.ts';
import { processBatch } from './batch.ts';
import { HandlerError } from './errors.ts';
import type { Handler } from './handler.ts';

const failing =
  (bad: string, error: () => Error): Handler =>
  async (input, put) => {
    if (input.key.endsWith(bad)) throw error();
    return [await put({ body: input.body })];
  };

describe('processBatch', () => {
  it('completes the rest of a batch when one object fails', async () => {
    const on = await stand();
    const events = await Promise.all(['a.txt', 'bad.txt', 'c.txt'].map((path) => on.input(path)));
    const handler = failing('bad.txt', () => new HandlerError('no such code system'));
    const results = await processBatch(
      on.with(handler),
      events.map((event) => message(event)),
      never,
    );
    expect(results).toEqual([
      { id: 'RefinerInput/a.txt', done: true, outcomes: [expect.objectContaining({ kind: 'completed' })] },
      { id: 'RefinerInput/bad.txt', done: false, reason: 'no such code system' },
      { id: 'RefinerInput/c.txt', done: true, outcomes: [expect.objectContaining({ kind: 'completed' })] },
    ]);
    expect(await on.keys('RefinerComplete/')).toHaveLength(2);
    const line = on.lines.find((text) => text.includes('a message failed'));
    expect(line).toContain('"key":"RefinerInput/bad.txt"');
  });

  it('completes an object once that a batch names three times', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    const results = await processBatch(
      on,
      ['1', '2', '3'].map((id) => message(event, id)),
      never,
    );
    expect(results.map(({ done }) => done)).toEqual([true, true, true]);
    expect(await on.keys('RefinerOutput/')).toHaveLength(2);
  });

  it('never tells what an object holds, though its handler quotes it', async () => {
    const on = await stand();
    const event = await on.input('a.txt', 'Jane Roe, 1970-01-01');
    const parsing: Handler = async ({ body }) => {
      const text = Buffer.concat(await Array.fromAsync(body)).toString();
      return JSON.parse(text) as string[];
    };
    const [result] = await processBatch(on.with(parsing), [message(event)], never);
    expect(result).toMatchObject({ done: false, reason: expect.stringMatching(/^SyntaxError/) });
    expect(JSON.stringify(result) + on.lines.join('\n')).not.toMatch(/Jane/);
  });

  it('bears handlers that throw anything', async () => {
    const on = await stand();
    const event = await on.input('a.txt');
    const thrown = await processBatch(
      on.with(() => Promise.reject('Jane')),
      [message(event)],
      never,
    );
    expect(thrown).toEqual([
      { id: event.key, done: false, reason: 'something that is not an Error was thrown' },
    ]);
    const coded = () => Promise.reject(Object.assign(new Error('Jane'), { code: 'ECONNREFUSED' }));
    const [result] = await processBatch(on.with(coded), [message(event)], never);
    expect(result).toMatchObject({ reason: expect.stringMatching(/^ECONNREFUSED at batch\.test\.ts:/) });
  });

  it('completes the other objects of a message that tells of a bad one', async () => {
    const on = await stand();
    await on.input('good.txt');
    const record = (key: string) => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: on.bucket }, object: { key } },
    });
    const body = JSON.stringify({
      Records: [record('RefinerInput/gone.txt'), record('RefinerInput/good.txt')],
    });
    const [result] = await processBatch(on, [{ id: '1', body }], never);
    expect(result).toMatchObject({ done: false, reason: expect.stringMatching(/gone.txt is gone/) });
    expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/good.txt.json']);
  });

  it('bears an error that cannot be looked at', async () => {
    const on = await stand();
    const evil = new Proxy(new Error('Jane'), {
      get: () => {
        throw new Error('Jane');
      },
    });
    const events = [await on.input('a.txt'), await on.input('b.txt')];
    const handler: Handler = ({ key }) => {
      if (key.endsWith('a.txt')) throw evil;
      return [];
    };
    const results = await processBatch(
      on.with(handler),
      events.map((event) => message(event)),
      never,
    );
    expect(results.map(({ done }) => done)).toEqual([false, true]);
    const numbered = Object.assign(new Error('Jane'), { stack: 5 });
    const [result] = await processBatch(
      on.with(() => Promise.reject(numbered)),
      [message(events[0])],
      never,
    );
    expect(result).toMatchObject({ done: false, reason: 'Error' });
  });

  it.each([
    ['a test event', '{"Event":"s3:TestEvent","Bucket":"data-repository"}'],
    ['an event of another type', '{"source":"aws.s3","detail-type":"Object Deleted","detail":{}}'],
  ])('is done with %s, and says so', async (_what, body) => {
    const on = await stand();
    expect(await processBatch(on, [{ id: '1', body }], never)).toEqual([
      { id: '1', done: true, outcomes: [] },
    ]);
    expect(on.lines.join()).toContain('a message asks for nothing');
  });

  it('fails a message that nobody understands, so that it is not lost', async () => {
    const on = await stand();
    const [result] = await processBatch(on, [{ id: '1', body: 'Jane Roe' }], never);
    expect(result).toEqual({ id: '1', done: false, reason: 'the message is not JSON' });
    expect(on.lines.join()).not.toContain('Jane');
  });
});
