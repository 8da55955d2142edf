import type { QueueMessage } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { message, stand } from '../test/stand.ts';
import { HandlerError } from './errors.ts';
import type { Handler } from './handler.ts';
import { createLambdaHandler, type SqsEvent } from './lambda.ts';

const CONTEXT = { getRemainingTimeInMillis: () => 900_000 };

function sqsEvent(messages: readonly { id: string; body: string }[], receives = '1'): SqsEvent {
  return {
    Records: messages.map(({ id, body }) => ({
      messageId: id,
      receiptHandle: `receipt of ${id}`,
      body,
      attributes: { ApproximateReceiveCount: receives },
    })),
  };
}

const picky: Handler = async (input, put) => {
  if (input.key.endsWith('bad.txt')) throw new HandlerError('bad');
  return [await put({ body: input.body })];
};

describe('the Lambda function', () => {
  it('answers which messages failed, and puts them back early', async () => {
    const on = await stand();
    const events = await Promise.all(['a.txt', 'bad.txt'].map((path) => on.input(path)));
    const released: [QueueMessage, { delayMs: number; reason: string }][] = [];
    const queue = { release: async (...args: (typeof released)[0]) => void released.push(args) };
    const handler = createLambdaHandler({ ...on.with(picky), queue });
    const response = await handler(
      sqsEvent(
        events.map((event) => message(event)),
        '3',
      ),
      CONTEXT,
    );
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'RefinerInput/bad.txt' }] });
    expect(released).toEqual([
      [
        expect.objectContaining({ receipt: 'receipt of RefinerInput/bad.txt', receives: 3 }),
        { delayMs: 4000, reason: 'bad' },
      ],
    ]);
    expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/a.txt.json']);
  });

  it('answers though a message cannot be put back', async () => {
    const on = await stand();
    const queue = { release: () => Promise.reject(new Error('denied')) };
    const handler = createLambdaHandler({ ...on.with(picky), queue });
    const event = sqsEvent([message(await on.input('bad.txt'))]);
    expect((await handler(event, CONTEXT)).batchItemFailures).toHaveLength(1);
    expect(on.lines.join()).toContain('denied');
  });

  it('reads both kinds of messages, and passes over what is no object', async () => {
    const on = await stand();
    await on.input('a b.txt');
    const record = (key: string) => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'data-repository' }, object: { key } },
    });
    const bodies = [
      { Records: [record('RefinerInput/a+b.txt'), record('RefinerInput/folder/')] },
      { Service: 'Amazon S3', Event: 's3:TestEvent' },
      { Records: [record('RefinerOutput/x.txt')] },
    ];
    const messages = bodies.map((body, i) => ({ id: String(i), body: JSON.stringify(body) }));
    expect(await createLambdaHandler(on)(sqsEvent(messages), CONTEXT)).toEqual({ batchItemFailures: [] });
    expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/a b.txt.json']);
  });

  it('names what it had no time for', async () => {
    const on = await stand();
    const stuck: Handler = () => new Promise(() => undefined);
    const handler = createLambdaHandler(on.with(stuck));
    const event = sqsEvent([message(await on.input('a.txt'))]);
    const response = await handler(event, { getRemainingTimeInMillis: () => 2100 });
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'RefinerInput/a.txt' }] });
  });
});
