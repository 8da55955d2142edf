import { createHash } from 'node:crypto';
import {
  BadInputError,
  ConfigError,
  LimitError,
  NotFoundError,
  type Queue,
  UnavailableError,
} from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import {
  FAKE_ENVIRONMENT,
  type FakeAnswer,
  type FakeAws,
  fakeAws,
  sqsAnswer,
  sqsError,
} from '../../test/fake-aws.ts';
import { sqsQueue } from '../index.ts';
import { regionOfUrl } from './address.ts';
import { batchesOf } from './batches.ts';

const QUEUE_URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q';
const ARN = 'arn:aws:sqs:eu-west-1:123456789012:q';

interface Call {
  readonly action: string;
  readonly input: {
    readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[];
    readonly WaitTimeSeconds?: number;
    readonly VisibilityTimeout?: number;
  };
}

let aws: FakeAws | undefined;
let calls: Call[] = [];

beforeAll(() => {
  Object.assign(process.env, FAKE_ENVIRONMENT);
});
afterEach(async () => {
  await aws?.close();
  calls = [];
});

/** An SQS with one queue that answers what `answer` says, or nothing in particular. */
async function queueOver(
  answer: (call: Call) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>,
  attributes: Record<string, string> = {},
): Promise<Queue> {
  aws = await fakeAws(async ({ headers, body }) => {
    const action = String(headers['x-amz-target']).split('.')[1];
    const call = { action, input: JSON.parse(body.toString()) as Call['input'] };
    calls.push(call);
    const special = await answer(call);
    if (special !== undefined) return special;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: `${ARN}-dlq`, maxReceiveCount: 3 });
    if (action === 'GetQueueUrl') return sqsAnswer({ QueueUrl: QUEUE_URL });
    if (action === 'GetQueueAttributes') {
      return sqsAnswer({
        Attributes: { QueueArn: ARN, VisibilityTimeout: '30', RedrivePolicy, ...attributes },
      });
    }
    return sqsAnswer({ Successful: [], Failed: [] });
  });
  return sqsQueue({ queueName: 'q', endpoint: aws.url });
}

const failed = (Id: string, SenderFault: boolean, Code: string) => ({ Id, SenderFault, Code });
const sentBodies = () =>
  calls
    .filter(({ action }) => action === 'SendMessageBatch')
    .map(({ input }) => (input.Entries ?? []).map(({ MessageBody }) => MessageBody));

describe('sending', () => {
  test('what SQS failed to store of a batch is sent again, and nothing else', async () => {
    let times = 0;
    const queue = await queueOver(({ action }) => {
      if (action !== 'SendMessageBatch' || ++times > 2) return undefined;
      const Failed = times === 1 ? ['1', '2'] : ['0'];
      return sqsAnswer({ Failed: Failed.map((id) => failed(id, false, 'InternalError')) });
    });
    await queue.send(['a', 'b', 'c'].map((body) => ({ body })));
    expect(sentBodies()).toEqual([['a', 'b', 'c'], ['b', 'c'], ['b']]);
  });

  test('what SQS goes on failing to store is an error', async () => {
    const queue = await queueOver(({ action }) =>
      action === 'SendMessageBatch'
        ? sqsAnswer({ Failed: [failed('0', false, 'InternalError')] })
        : undefined,
    );
    const sent = queue.send([{ body: 'a' }]);
    await expect(sent).rejects.toThrow(UnavailableError);
    await expect(sent).rejects.toThrow('could not send to SQS queue q: 1 messages failed with InternalError');
  });

  test('what SQS refuses is an error at once, without the message', async () => {
    const queue = await queueOver(({ action }) =>
      action === 'SendMessageBatch'
        ? sqsAnswer({ Failed: [failed('0', true, 'InvalidMessageContents')] })
        : undefined,
    );
    const sent = queue.send([{ body: 'the content of a patient' }]);
    await expect(sent).rejects.toThrow(BadInputError);
    await expect(sent).rejects.toThrow(/^could not send to SQS queue q: .* InvalidMessageContents$/);
    expect(sentBodies()).toHaveLength(1);
  });

  test('a request holds no more bytes than SQS takes', async () => {
    const queue = await queueOver(() => undefined);
    await queue.send(Array.from({ length: 5 }, () => ({ body: 'é'.repeat(60_000) })));
    expect(sentBodies().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test.each(['', 'a\u0000b', 'a\u0001', '\ud800', '\uffff'])('the body %j is refused', async (body) => {
    const queue = await queueOver(() => undefined);
    await expect(queue.send([{ body: 'good' }, { body }])).rejects.toThrow(BadInputError);
    expect(sentBodies()).toEqual([]);
  });

  test('a body beyond the limit', async () => {
    const queue = await queueOver(() => undefined);
    await expect(queue.send([{ body: 'x'.repeat(262_145) }])).rejects.toThrow(LimitError);
    expect(sentBodies()).toEqual([]);
  });
});

describe('receiving', () => {
  const MESSAGE = {
    MessageId: 'm1',
    ReceiptHandle: 'r1',
    Body: 'a',
    MD5OfBody: createHash('md5').update('a').digest('hex'),
    Attributes: { ApproximateReceiveCount: '2' },
  };

  test('a message that comes after the wait was called off is given back', async () => {
    const arrival = Promise.withResolvers<undefined>();
    const queue = await queueOver(async ({ action }) => {
      if (action !== 'ReceiveMessage') return undefined;
      await arrival.promise;
      return sqsAnswer({ Messages: [MESSAGE] });
    });
    const abort = new AbortController();
    const received = queue.receive({ max: 10, waitMs: 600_000, signal: abort.signal });
    await waitFor('the request', () => calls.some(({ action }) => action === 'ReceiveMessage'));
    abort.abort();
    expect(await received).toEqual([]);
    arrival.resolve(undefined);
    await waitFor('the message to be given back', () =>
      calls.some(({ action }) => action === 'ChangeMessageVisibilityBatch'),
    );
    expect(calls.at(-1)?.input.Entries).toEqual([{ Id: '0', ReceiptHandle: 'r1', VisibilityTimeout: 0 }]);
    expect(calls.filter(({ action }) => action === 'ReceiveMessage')).toHaveLength(1);
  });

  test('the wait is in whole seconds, and of a few at a time', async () => {
    const queue = await queueOver(({ action }) =>
      action === 'ReceiveMessage' ? sqsAnswer({ Messages: [MESSAGE] }) : undefined,
    );
    for (const [waitMs, seconds] of [
      [0, 0],
      [1, 1],
      [1_500, 2],
      [3_600_000, 5],
    ]) {
      expect(await queue.receive({ max: 1, waitMs })).toEqual([
        { id: 'm1', body: 'a', receipt: 'r1', receives: 2 },
      ]);
      expect(calls.at(-1)?.input.WaitTimeSeconds).toBe(seconds);
    }
  });

  test('a body that is not the one that SQS has a checksum of is an error', async () => {
    const queue = await queueOver(({ action }) =>
      action === 'ReceiveMessage' ? sqsAnswer({ Messages: [{ ...MESSAGE, Body: 'b' }] }) : undefined,
    );
    await expect(queue.receive({ max: 1, waitMs: 0 })).rejects.toThrow();
  });
});

describe('settling', () => {
  const MESSAGE = { id: 'm1', body: 'a', receipt: 'r1', receives: 1 };

  test.each<[number, number, number]>([
    [1, 0, 0],
    [1, 1, 1],
    [2, 1_500, 2],
    // SQS hides nothing for longer than 12 hours.
    [1, 86_400_000, 43_200],
    // The last of three deliveries.
    [3, 60_000, 0],
  ])('after %d receives a release for %d ms hides for %d s', async (receives, delayMs, seconds) => {
    const queue = await queueOver(() => undefined);
    await queue.release({ ...MESSAGE, receives }, { delayMs, reason: 'it failed' });
    expect(calls.at(-1)?.input.Entries).toEqual([
      { Id: '0', ReceiptHandle: 'r1', VisibilityTimeout: seconds },
    ]);
  });

  test('a receipt that SQS does not know is no error, a failure of SQS is tried again', async () => {
    let times = 0;
    const queue = await queueOver(({ action }) => {
      if (!action.endsWith('Batch') || ++times > 2) return undefined;
      const stale = failed('0', true, 'ReceiptHandleIsInvalid');
      return sqsAnswer({ Failed: times === 1 ? [stale, failed('1', false, 'InternalError')] : [] });
    });
    await queue.delete([MESSAGE, { ...MESSAGE, receipt: 'r2' }]);
    const deletes = calls.filter(({ action }) => action === 'DeleteMessageBatch');
    expect(deletes.map(({ input }) => input.Entries?.length)).toEqual([2, 1]);
    times = 0;
    await queue.extend([MESSAGE, { ...MESSAGE, receipt: 'r2' }]);
    expect(times).toBe(2);
  });
});

describe('errors', () => {
  test('a queue that is not there is named with its region', async () => {
    const opened = queueOver(() => sqsError(400, 'QueueDoesNotExist'));
    await expect(opened).rejects.toThrow(NotFoundError);
    await expect(opened).rejects.toThrow('there is no SQS queue q in eu-west-1');
  });

  test('a queue that goes away', async () => {
    let gone = false;
    const queue = await queueOver(() => (gone ? sqsError(400, 'QueueDoesNotExist') : undefined));
    gone = true;
    const message = { id: 'm', body: 'a', receipt: 'r', receives: 1 };
    const deeds: Record<string, () => Promise<unknown>> = {
      send: () => queue.send([{ body: 'a' }]),
      receive: () => queue.receive({ max: 1, waitMs: 0 }),
      delete: () => queue.delete([message]),
      extend: () => queue.extend([message]),
      release: () => queue.release(message, { delayMs: 0, reason: 'it failed' }),
      counts: () => queue.counts(),
      deadLetters: () => queue.deadLetters(1),
      redrive: () => queue.redrive(),
    };
    for (const [name, deed] of Object.entries(deeds)) {
      await expect(deed(), name).rejects.toThrow(NotFoundError);
    }
  });

  test('who is not allowed is told which action on which queue', async () => {
    const queue = await queueOver(({ action }) =>
      action === 'ReceiveMessage' ? sqsError(400, 'AccessDeniedException') : undefined,
    );
    const received = queue.receive({ max: 1, waitMs: 0 });
    await expect(received).rejects.toThrow(ConfigError);
    await expect(received).rejects.toMatchObject({
      hint: `allow sqs:ReceiveMessage on ${ARN} to this user or role`,
    });
  });

  test('a worker that may not see the dead letters works all the same', async () => {
    let opened = false;
    const queue = await queueOver(({ action }) =>
      opened && action === 'GetQueueUrl' ? sqsError(400, 'AccessDeniedException') : undefined,
    );
    opened = true;
    expect(await queue.receive({ max: 1, waitMs: 0 })).toEqual([]);
    await expect(queue.counts()).rejects.toThrow(ConfigError);
  });

  test.each<[Record<string, string>]>([
    [{ RedrivePolicy: '{}' }],
    [{ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: ARN, maxReceiveCount: 0 }) }],
  ])('a queue that gives up nothing is refused: %j', async (attributes) => {
    await expect(queueOver(() => undefined, attributes)).rejects.toThrow(/has no redrive policy/);
  });

  test.each([
    [{}, /by its URL or its name/],
    [{ queueName: 'q', queueUrl: QUEUE_URL }, /by its URL or its name/],
    [{ queueUrl: `${QUEUE_URL}.fifo` }, /is a FIFO queue/],
  ])('%j is refused', async (options, message) => {
    await expect(sqsQueue(options)).rejects.toThrow(ConfigError);
    await expect(sqsQueue(options)).rejects.toThrow(message);
  });
});

test.each([
  [QUEUE_URL, 'eu-west-1'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q', 'cn-north-1'],
  ['https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/q', 'us-gov-west-1'],
  ['http://127.0.0.1:5000/123456789012/q', undefined],
  ['https://queue.amazonaws.com/123456789012/q', undefined],
])('the region in %s is %s', (url, region) => {
  expect(regionOfUrl(url)).toBe(region);
});

test.each<[number[], number[][]]>([
  [[], []],
  [[1, 1, 1], [[1, 1, 1]]],
  [
    [60, 60, 30],
    [[60], [60, 30]],
  ],
  [
    [100, 1],
    [[100], [1]],
  ],
  [Array(12).fill(1), [Array(10).fill(1), [1, 1]]],
])('batches of %j', (sizes, expected) => {
  expect(batchesOf(sizes, { maxBytes: 100, bytesOf: (size) => size })).toEqual(expected);
});
