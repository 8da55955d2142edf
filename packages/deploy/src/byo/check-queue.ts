import type { Look, QueueFacts } from '@lakewright/core';
import type { Brought, Storage } from './brought.ts';
import { keyFinding } from './check-bucket.ts';
import { checkQueuePolicy, setAttributes } from './check-queue-policy.ts';
import { isAlias, keyArn } from './facts.ts';
import { type Finding, ofLook, ok, problem, type Subject, warning } from './finding.ts';
import type { Place } from './needs.ts';

/** Less than this and a message is delivered again while it is still being worked on. */
const LEAST_VISIBILITY_SECONDS = 60;
const VISIBILITY_SECONDS = 120;
const MAX_RECEIVES = 5;
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;

/** The queue: that it is there, that the bucket may send to it, and that no message comes for ever. */
export function checkQueue(
  brought: Brought,
  storage: Storage,
  look: Look<QueueFacts>,
  place: Place,
): Finding[] {
  const { queueArn: where, queueUrl } = storage;
  const subject = { check: 'queue', where };
  if (where === '') return [];
  return [
    ...ofLook(
      subject,
      look,
      (queue) => [
        ...checkAddress(subject, queue, queueUrl, place),
        ...checkDelivery(queue, place),
        ...checkQueuePolicy(storage, queue, place),
        ...checkKey(brought, queue, place),
      ],
      () => [
        problem(subject, 'is not there', 'ExistingQueueArn names no queue that this account can see', {
          commands: [['aws', 'sqs', 'create-queue', '--region', place.region, '--queue-name', nameOf(where)]],
        }),
      ],
    ),
  ];
}

function checkAddress(subject: Subject, queue: QueueFacts, said: string, place: Place): Finding[] {
  if (queue.arn.endsWith('.fifo')) {
    return [
      problem(subject, 'is a FIFO queue', 'S3 sends notifications to standard queues only', {
        note: 'bring a standard queue',
        commands: [],
      }),
    ];
  }
  const [, , , region] = queue.arn.split(':');
  if (region !== place.region) {
    return [
      problem(
        subject,
        `is in ${region}, and the install in ${place.region}`,
        'services ask for messages in their own region',
      ),
    ];
  }
  // A queue has several host names; its account and name are the path of each.
  const address = URL.parse(said);
  const isElsewhere =
    (/^sqs\.([a-z0-9-]+)\.amazonaws\./.exec(address?.hostname ?? '')?.[1] ?? region) !== region;
  if (said !== '' && (isElsewhere || address?.pathname !== URL.parse(queue.url)?.pathname)) {
    return [
      problem(
        { check: 'queue', where: 'ExistingQueueUrl' },
        'is the URL of another queue',
        `the one of ${queue.arn} is ${queue.url}`,
        { note: `set ExistingQueueUrl=${queue.url}`, commands: [] },
      ),
    ];
  }
  return [ok(subject, `is there, in ${region}`)];
}

function checkDelivery(queue: QueueFacts, place: Place): Finding[] {
  const findings: Finding[] = [];
  const dead = { check: 'queue-dead-letters', where: queue.arn };
  if (queue.deadLetterArn === undefined) {
    const name = `${nameOf(queue.arn)}-dlq`;
    const arn = `${queue.arn}-dlq`;
    const redrive = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: MAX_RECEIVES });
    findings.push(
      problem(
        dead,
        'has no dead-letter queue',
        'a message that nobody understands would come again for ever: pubsub-sqs refuses such a queue',
        {
          commands: [
            [
              'aws',
              'sqs',
              'create-queue',
              '--region',
              place.region,
              '--queue-name',
              name,
              '--attributes',
              `MessageRetentionPeriod=${DEAD_LETTER_RETENTION_SECONDS}`,
            ],
            setAttributes(queue, { RedrivePolicy: redrive }, place),
          ],
        },
      ),
    );
  } else {
    findings.push(ok(dead, `gives a message up after ${queue.maxReceives} deliveries`));
  }
  const visibility = { check: 'queue-visibility', where: queue.arn };
  findings.push(
    queue.visibilitySeconds >= LEAST_VISIBILITY_SECONDS
      ? ok(visibility, `hides a message for ${queue.visibilitySeconds} s while it is worked on`)
      : warning(
          visibility,
          `hides a message for ${queue.visibilitySeconds} s only`,
          `work on a slow day takes longer, and the message is delivered a second time; ${VISIBILITY_SECONDS} s is what an install of its own has`,
          {
            commands: [setAttributes(queue, { VisibilityTimeout: String(VISIBILITY_SECONDS) }, place)],
          },
        ),
  );
  return findings;
}

function checkKey(brought: Brought, queue: QueueFacts, place: Place): Finding[] {
  const { kmsKey, arn } = queue;
  const subject = { check: 'queue-encryption', where: arn };
  if (kmsKey === undefined)
    return [ok(subject, 'is encrypted as SQS does by itself, or not at all: S3 may send')];
  if (kmsKey.includes('alias/aws/sqs')) {
    return [
      problem(
        subject,
        'is encrypted with the key of AWS for SQS',
        'S3 may not use that key, and nobody can let it: no message would arrive',
        {
          note: 'encrypt it with SQS-managed keys (SSE-SQS), or with a key of your own whose policy lets s3.amazonaws.com use it',
          commands: [setAttributes(queue, { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' }, place)],
        },
      ),
    ];
  }
  return [
    ...(isAlias(kmsKey) ? [] : keyFinding(brought, subject, keyArn(kmsKey, place))),
    warning(
      subject,
      `is encrypted with ${kmsKey}`,
      "the key's policy must let s3.amazonaws.com kms:GenerateDataKey and kms:Decrypt: it was not looked at",
    ),
  ];
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
