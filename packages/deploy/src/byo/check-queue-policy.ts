import type { QueueFacts } from '@lakewright/core';
import { evaluatePolicies, parsePolicy } from '../policy/index.ts';
import type { Storage } from './brought.ts';
import { type Command, type Finding, ok, problem, warning } from './finding.ts';
import type { Place } from './needs.ts';

const SID = 'LakewrightBucketMaySend';

/** Whether the queue's policy lets S3 send for the bucket, and nobody else's bucket. */
export function checkQueuePolicy(storage: Storage, queue: QueueFacts, place: Place): Finding[] {
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
function mergedQueuePolicy(queue: QueueFacts, bucketArn: string, account: string): unknown {
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

/** The command that sets attributes of the queue. */
export function setAttributes(
  queue: QueueFacts,
  attributes: Record<string, string>,
  { region }: Place,
): Command {
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
