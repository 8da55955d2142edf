import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { NotFoundError } from '@lakewright/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { newQueue } from '../../test/moto-services.ts';
import { sqsClient } from '../clients.ts';
import { sqsQueue } from '../index.ts';

/** What is SQS' own, beyond what every Queue does. */
let moto: Moto;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
});
afterAll(async () => {
  await moto.stop();
});

const urlOf = (name: string) => `${moto.url}/123456789012/${name}`;

test('a queue is found by its name and by its URL', async () => {
  const { name } = await newQueue(moto.url, { visibilitySeconds: 30, maxReceives: 3 });
  const byName = await sqsQueue({ queueName: name });
  const byUrl = await sqsQueue({ queueUrl: urlOf(name) });
  expect(byUrl).toMatchObject({ name, visibilityMs: 30_000 });
  await byName.send([{ body: 'a' }]);
  expect(await byUrl.receive({ max: 1, waitMs: 0 })).toMatchObject([{ body: 'a' }]);
});

test('a queue that is not there is named with its region', async () => {
  await expect(sqsQueue({ queueName: 'nowhere' })).rejects.toThrow(NotFoundError);
  await expect(sqsQueue({ queueName: 'nowhere' })).rejects.toThrow('no SQS queue nowhere in us-east-1');
  await expect(sqsQueue({ queueUrl: urlOf('nowhere') })).rejects.toThrow(NotFoundError);
  await expect(sqsQueue({ queueUrl: urlOf('nowhere') })).rejects.toThrow('nowhere');
});

test('a queue without a dead letter queue, and one that orders, are refused', async () => {
  const client = sqsClient({});
  await client.send(new CreateQueueCommand({ QueueName: 'endless' }));
  await expect(sqsQueue({ queueName: 'endless' })).rejects.toThrow(/no redrive policy/);
  const Attributes = { FifoQueue: 'true' };
  await client.send(new CreateQueueCommand({ QueueName: 'ordered.fifo', Attributes }));
  await expect(sqsQueue({ queueName: 'ordered.fifo' })).rejects.toThrow(/FIFO/);
});

test('attributes of a message come back with it from the dead letters', async () => {
  const { name, deadLetterName } = await newQueue(moto.url, { visibilitySeconds: 30, maxReceives: 1 });
  const client = sqsClient({});
  const trace = { DataType: 'String', StringValue: '00-abc' };
  await client.send(
    new SendMessageCommand({
      QueueUrl: urlOf(name),
      MessageBody: 'a',
      MessageAttributes: { traceparent: trace },
    }),
  );
  for (const deadLetterQueue of [undefined, deadLetterName, urlOf(deadLetterName)]) {
    const queue = await sqsQueue({ queueName: name, deadLetterQueue });
    const [message] = await queue.receive({ max: 1, waitMs: 10_000 });
    await queue.release(message, { delayMs: 0, reason: 'it failed' });
    await waitFor('the dead letter', async () => {
      await queue.receive({ max: 1, waitMs: 0 });
      return (await queue.counts()).dead === 1;
    });
    expect(await queue.redrive()).toBe(1);
  }
  const { Messages } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: urlOf(name), MessageAttributeNames: ['All'] }),
  );
  expect(Messages?.[0].MessageAttributes).toMatchObject({ traceparent: trace });
});

test('a redrive that died between sending and deleting loses nothing', async () => {
  const { name, deadLetterName } = await newQueue(moto.url, { visibilitySeconds: 30, maxReceives: 1 });
  // As if it had been sent already: the message is in both queues.
  for (const queue of [name, deadLetterName]) {
    await sqsClient({}).send(new SendMessageCommand({ QueueUrl: urlOf(queue), MessageBody: 'a' }));
  }
  const queue = await sqsQueue({ queueName: name });
  expect(await queue.redrive()).toBe(1);
  expect(await queue.counts()).toEqual({ waiting: 2, inFlight: 0, dead: 0 });
});
