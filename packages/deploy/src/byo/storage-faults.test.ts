import { describe, expect, test } from 'vitest';
import {
  absent,
  KEY,
  notifications,
  PARAMETERS,
  QUEUE,
  queuePolicy,
  ROLE,
  RULES,
  SEND,
  seen,
} from '../../test/account.ts';
import { bucketIs, type Changes, denyAll, faults, lifecycle, queueIs, RAW, told } from '../../test/faults.ts';

describe('what is wrong is named', () => {
  test.each<[string, Changes, (string | RegExp)[]]>([
    ['no bucket', bucketIs({ region: absent }), [/^problem bucket: is not there/]],
    ['a bucket elsewhere', bucketIs({ region: seen('us-east-1') }), [/^problem bucket: is in us-east-1/]],
    [
      'a policy that wants TLS',
      bucketIs({ policy: seen(denyAll({ Bool: { 'aws:SecureTransport': 'false' } })) }),
      [],
    ],
    [
      'a policy that wants one VPC endpoint',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })) }),
      [/^warning bucket-policy: may deny s3:GetObject/],
    ],
    [
      'a policy for other roles',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:PrincipalArn': `${ROLE}2` } })) }),
      [/^problem bucket-policy: denies s3:GetObject, .*s3:ListBucket/],
    ],
    [
      'a policy for this role',
      bucketIs({ policy: seen(denyAll({ StringNotEquals: { 'aws:PrincipalArn': ROLE } })) }),
      [],
    ],
    [
      'a key that is not said',
      bucketIs({ encryption: seen({ algorithm: 'aws:kms', kmsKey: KEY }) }),
      [/^problem bucket-encryption: .*KmsKeyArn is not said/],
    ],
    ['the key of AWS', bucketIs({ encryption: seen({ algorithm: 'aws:kms', kmsKey: undefined }) }), []],
    ['no queue', { queue: async () => absent }, [/^problem queue: is not there/]],
    [
      'a FIFO queue',
      queueIs({ arn: `${QUEUE}.fifo` }),
      [/^problem queue: is a FIFO queue/, /^problem queue-policy/],
    ],
    [
      'another URL',
      queueIs({ url: 'https://sqs.eu-west-1.amazonaws.com/1/other' }),
      [/^problem queue: is the URL of another queue/],
    ],
    [
      'no queue policy',
      queueIs({ policy: undefined }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another bucket',
      queueIs({
        policy: queuePolicy({ ...SEND, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::other' } } }),
      }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another account',
      queueIs({
        policy: queuePolicy({ ...SEND, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } }),
      }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another service',
      queueIs({ policy: queuePolicy({ ...SEND, Principal: { Service: 'sns.amazonaws.com' } }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another queue',
      queueIs({ policy: queuePolicy({ ...SEND, Resource: `${QUEUE}2` }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for another action',
      queueIs({ policy: queuePolicy({ ...SEND, Action: 'sqs:ReceiveMessage' }) }),
      ['problem queue-policy: does not let the bucket send'],
    ],
    [
      'a policy for everybody',
      queueIs({ policy: queuePolicy({ ...SEND, Principal: '*', Action: 'SQS:*', Condition: undefined }) }),
      ['warning queue-policy: lets buckets of other accounts send, too'],
    ],
    [
      'a deny',
      queueIs({ policy: queuePolicy([SEND, { ...SEND, Effect: 'Deny', Sid: 'no', Condition: undefined }]) }),
      ['problem queue-policy: denies S3 to send'],
    ],
    [
      'no dead letters',
      queueIs({ deadLetterArn: undefined }),
      ['problem queue-dead-letters: has no dead-letter queue'],
    ],
    [
      'a short visibility',
      queueIs({ visibilitySeconds: 30 }),
      ['warning queue-visibility: hides a message for 30 s only'],
    ],
    [
      'the key of AWS for SQS',
      queueIs({ kmsKey: 'alias/aws/sqs' }),
      ['problem queue-encryption: is encrypted with the key of AWS for SQS'],
    ],
    [
      'no notifications',
      told(),
      RULES.map(({ prefix }) => `problem notifications: the queue hears nothing of objects below ${prefix}`),
    ],
    [
      'three of four',
      told(...RULES.slice(0, 3)),
      ['problem notifications: the queue hears nothing of objects below traces-raw/'],
    ],
    ['a suffix', told(...RULES.slice(0, 3), { ...RULES[3], suffix: '.gz' }), [/below traces-raw/]],
    [
      'puts alone',
      told(...RULES.slice(0, 3), { ...RULES[3], events: ['s3:ObjectCreated:Put'] }),
      [/below traces-raw/],
    ],
    [
      'everything',
      told({ id: 'all', prefix: '' }),
      ['warning notifications: the queue hears of more than raw objects'],
    ],
    [
      'another queue',
      told({ id: 'all', prefix: '', target: `${QUEUE}2` }),
      RULES.map(() => /^problem notifications/),
    ],
    [
      'EventBridge',
      { notifications: async () => seen({ ...notifications(), eventBridge: true }) },
      RULES.map(() => /^warning notifications/),
    ],
    [
      'a lifecycle that archives',
      bucketIs({
        lifecycle: seen({
          rules: [
            {
              id: 'cold',
              enabled: true,
              prefix: '',
              narrowed: false,
              expirationDays: undefined,
              abortDays: 1,
            },
            ...RAW.map(({ prefix }) => ({
              ...{ id: prefix, enabled: true, prefix, narrowed: false, expirationDays: 5, abortDays: 1 },
            })),
          ],
          document: [{ ID: 'cold', Transitions: [{ Days: 30, StorageClass: 'DEEP_ARCHIVE' }] }],
        }),
      }),
      ['problem lifecycle: cold archives segments'],
    ],
    [
      'no lifecycle',
      bucketIs({ lifecycle: absent }),
      [/^warning lifecycle: nothing removes objects below otel-raw\/, logs-raw/],
    ],
    [
      'a rule that is off',
      lifecycle(...RAW.slice(1), { ...RAW[0], enabled: false }),
      ['warning lifecycle: nothing removes objects below otel-raw/'],
    ],
    [
      'a rule by tag',
      lifecycle(...RAW.slice(1), { ...RAW[0], narrowed: true }),
      ['warning lifecycle: nothing removes objects below otel-raw/'],
    ],
    [
      'a rule for everything',
      lifecycle({ prefix: '', days: 30 }),
      ['problem lifecycle: r0 removes segments after 30 days'],
    ],
    [
      'a rule for db/',
      lifecycle(...RAW, { prefix: 'db/', days: 365 }),
      ['problem lifecycle: r4 removes segments after 365 days'],
    ],
    ['a rule inside db/', lifecycle(...RAW, { prefix: 'db/1234/', days: 365 }), [/^problem lifecycle: r4/]],
  ])('%s', async (_name, changes, expected) => {
    const found = await faults(changes);
    expect(found).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    );
  });
});

test('the URL of a queue of that name in another region', async () => {
  const ExistingQueueUrl = PARAMETERS.ExistingQueueUrl.replace('eu-west-1', 'us-east-1');
  expect(await faults({}, { ExistingQueueUrl })).toEqual(['problem queue: is the URL of another queue']);
});
