import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { ConfigError } from '@lakewright/core';
import { awsError, type Deed } from '../errors.ts';

/** A queue as requests name it. */
export interface QueueAddress {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
}

/** A queue as it is set up. */
export interface QueueSetup extends QueueAddress {
  readonly visibilityMs: number;
  readonly maxReceives: number;
  /** Of the queue to which dead letters go. */
  readonly deadLetterArn: string;
}

/** What is done to a queue, for messages. */
export function queueDeed(queue: QueueAddress, verb: string, action: string): Deed {
  return {
    what: `${verb} SQS queue ${queue.name}`,
    action: `sqs:${action}`,
    resource: queue.arn,
    missing: `there is no SQS queue ${queue.name} at ${queue.url}`,
    missingHint: 'check the name of the queue, the account and AWS_REGION',
  };
}

/** The region in a queue's URL, where it says one. */
export function regionOfUrl(url: string): string | undefined {
  return /^https:\/\/(?:[a-z]+-)?sqs(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\//.exec(url)?.[1];
}

/** The name of a queue in its URL or ARN. */
export function nameOf(urlOrArn: string): string {
  return urlOrArn.split(/[/:]/).at(-1) ?? '';
}

/**
 * How the queue at `url` is set up. Throws NotFoundError, and ConfigError for a queue that cannot be a Queue:
 * one that never gives up a message, or one that orders them.
 */
export async function readSetup(client: SQSClient, url: string): Promise<QueueSetup> {
  const name = nameOf(url);
  if (name.endsWith('.fifo')) {
    throw new ConfigError(`SQS queue ${name} is a FIFO queue`, { hint: 'use a standard queue' });
  }
  const address = { name, url, arn: `arn:aws:sqs:*:*:${name}` };
  const { Attributes = {} } = await client
    .send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['QueueArn', 'VisibilityTimeout', 'RedrivePolicy'],
      }),
    )
    .catch((error: unknown) => {
      throw awsError(error, queueDeed(address, 'look at', 'GetQueueAttributes'));
    });
  const policy = JSON.parse(Attributes.RedrivePolicy ?? '{}') as {
    deadLetterTargetArn?: string;
    maxReceiveCount?: number | string;
  };
  if (policy.deadLetterTargetArn === undefined || !(Number(policy.maxReceiveCount) > 0)) {
    throw new ConfigError(`SQS queue ${name} has no redrive policy: a bad message would never be given up`, {
      hint: 'give it a dead letter queue and a maxReceiveCount',
    });
  }
  return {
    ...address,
    arn: Attributes.QueueArn ?? address.arn,
    visibilityMs: Number(Attributes.VisibilityTimeout ?? 30) * 1000,
    maxReceives: Number(policy.maxReceiveCount),
    deadLetterArn: policy.deadLetterTargetArn,
  };
}

/** The queue of this name, or with this ARN in whatever account. Throws NotFoundError naming the region. */
export async function findQueue(client: SQSClient, nameOrArn: string): Promise<QueueAddress> {
  const name = nameOf(nameOrArn);
  const account = nameOrArn.startsWith('arn:') ? nameOrArn.split(':')[4] : undefined;
  const arn = nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:sqs:*:*:${name}`;
  try {
    const { QueueUrl = '' } = await client.send(
      new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
    );
    return { name, url: QueueUrl, arn };
  } catch (error) {
    const region = await client.config.region().catch(() => 'no region');
    throw awsError(error, {
      ...queueDeed({ name, url: '', arn }, 'find', 'GetQueueUrl'),
      missing: `there is no SQS queue ${name} in ${region}`,
    });
  }
}
