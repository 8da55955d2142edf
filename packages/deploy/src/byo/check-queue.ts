import type { Look, QueueFacts } from '@lakewright/core';
import { evaluatePolicies, parsePolicy } from '../policy/index.ts';
import type { Brought, Storage } from './brought.ts';
import { keyFinding } from './check-bucket.ts';
import { isAlias, keyArn } from './facts.ts';
import { type Command, type Finding, ofLook, ok, problem, type Subject, warning } from './finding.ts';
import type { Place } from './needs.ts';

/** Less than this and a message is delivered again while it is still being worked on. */
const LEAST_VISIBILITY_SECONDS = 60;
const VISIBILITY_SECONDS = 120;
const MAX_RECEIVES = 5;
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
const SID = 'LakewrightBucketMaySend';

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
        ...checkPolicy(storage, queue, place),
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
  if (said !== '' && URL.parse(said)?.pathname !== URL.parse(queue.url)?.pathname) {
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

function checkPolicy(storage: Storage, queue: QueueFacts, place: Place): Finding[] {
  const subject = { check: 'queue-policy', where: queue.arn };
  const policy =
    queue.policy === undefined ? { statements: [] } : parsePolicy(queue.policy, `the policy of ${queue.arn}`);
  const request = (bucketArn: string, account: string) => ({
    asker: { kind: 'service', name: 's3.amazonaws.com' } as const,
    action: 'sqs:SendMessage',
    resource: queue.arn,
    context: {
      complete: true,
      keys: {
        'aws:sourcearn': [bucketArn],
        'aws:sourceaccount': [account],
        'aws:securetransport': ['true'],
        'aws:principalisawsservice': ['true'],
        'aws:principalservicename': ['s3.amazonaws.com'],
      },
    },
  });
  const { decision, statements } = evaluatePolicies([policy], request(storage.bucketArn, place.account));
  if (decision === 'denied') {
    const sids = statements.map(({ sid }) => sid ?? 'one without a Sid').join(', ');
    return [
      problem(
        subject,
        'denies S3 to send',
        `the statement ${sids} does, and a deny goes before every allow`,
        {
          note: `except requests whose aws:SourceArn is ${storage.bucketArn} from that statement`,
          commands: [],
        },
      ),
    ];
  }
  if (decision !== 'allowed') {
    return [
      problem(
        subject,
        'does not let the bucket send',
        decision === 'maybe'
          ? 'statements that would let S3 send have conditions that were not understood'
          : 'no statement lets s3.amazonaws.com send for this bucket of this account; S3 refuses notifications to a queue that it may not send to',
        policyFix(storage, queue, place),
      ),
    ];
  }
  const anybody = evaluatePolicies(
    [policy],
    request(`${storage.bucketArn}-of-somebody-else`, '000000000000'),
  );
  return [
    ok(subject, 'lets the bucket send'),
    ...(anybody.decision === 'allowed'
      ? [
          warning(
            subject,
            'lets buckets of other accounts send, too',
            'no condition on aws:SourceArn or aws:SourceAccount holds them off: their objects would be asked for',
            policyFix(storage, queue, place),
          ),
        ]
      : []),
  ];
}

/** The queue's policy with one statement more; one of ours that was there before is replaced. */
export function mergedQueuePolicy(queue: QueueFacts, bucketArn: string, account: string): unknown {
  const was = JSON.parse(queue.policy ?? '{"Version":"2012-10-17","Statement":[]}') as { Statement: unknown };
  const statements = (Array.isArray(was.Statement) ? was.Statement : [was.Statement]) as { Sid?: string }[];
  const added = {
    Sid: SID,
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue.arn,
    Condition: { ArnEquals: { 'aws:SourceArn': bucketArn }, StringEquals: { 'aws:SourceAccount': account } },
  };
  return { ...was, Statement: [...statements.filter(({ Sid }) => Sid !== SID), added] };
}

function policyFix(storage: Storage, queue: QueueFacts, place: Place) {
  const document = mergedQueuePolicy(queue, storage.bucketArn, place.account);
  return {
    note: 'the command replaces the policy of the queue: it holds the statements that are there now, too',
    commands: [setAttributes(queue, { Policy: JSON.stringify(document) }, place)],
    policy: { of: queue.arn, document },
  };
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

function setAttributes(queue: QueueFacts, attributes: Record<string, string>, { region }: Place): Command {
  const words = JSON.stringify(attributes);
  return [
    'aws',
    'sqs',
    'set-queue-attributes',
    '--region',
    region,
    '--queue-url',
    queue.url,
    '--attributes',
    words,
  ];
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
