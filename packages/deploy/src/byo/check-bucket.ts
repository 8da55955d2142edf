import type { BucketEncryption, BucketFacts } from '@lakewright/core';
import { denials, parsePolicy } from '../policy/index.ts';
import type { Brought, Storage } from './brought.ts';
import { isAlias, keyArn } from './facts.ts';
import { type Finding, ofLook, ok, problem, warning } from './finding.ts';
import { BUCKET_ACTIONS, COOKED_PREFIXES, OBJECT_ACTIONS, type Place, RAW_PREFIXES } from './needs.ts';

/** The bucket itself: that it is there, in the region, readable by whoever has the role, and how it is encrypted. */
export function checkBucket(brought: Brought, storage: Storage, facts: BucketFacts, place: Place): Finding[] {
  const there = checkRegion(storage, facts, place);
  if (facts.region.state !== 'seen') return there;
  return [
    ...there,
    ...checkPolicy(brought, storage, facts, place),
    ...checkEncryption(brought, storage, facts, place),
  ];
}

function checkRegion({ bucketArn: where, bucket }: Storage, facts: BucketFacts, place: Place): Finding[] {
  const subject = { check: 'bucket', where };
  return [
    ...ofLook(
      subject,
      facts.region,
      (region) =>
        region === place.region
          ? [ok(subject, `is there, in ${region}`)]
          : [
              problem(
                subject,
                `is in ${region}, and the install in ${place.region}`,
                'notifications reach only a queue of the region of their bucket, and every byte between regions costs',
                {
                  note: `deploy with --region ${region}, or bring a bucket of ${place.region}`,
                  commands: [],
                },
              ),
            ],
      () => [
        problem(subject, 'is not there', 'ExistingBucketArn names no bucket that this account can see', {
          commands: [
            [
              'aws',
              's3api',
              'create-bucket',
              '--region',
              place.region,
              '--bucket',
              bucket,
              ...(place.region === 'us-east-1'
                ? []
                : ['--create-bucket-configuration', `LocationConstraint=${place.region}`]),
            ],
          ],
        }),
      ],
    ),
  ];
}

function checkPolicy(
  { taskRoleArn }: Brought,
  storage: Storage,
  facts: BucketFacts,
  place: Place,
): Finding[] {
  const subject = { check: 'bucket-policy', where: storage.bucketArn };
  if (taskRoleArn === undefined) return [];
  return [
    ...ofLook(
      subject,
      facts.policy,
      (text) => {
        const policy = parsePolicy(text, `the policy of ${storage.bucketArn}`);
        const requests = requestsOf(storage);
        const found = requests.map((request) => ({
          ...request,
          ...denials(policy, {
            ...request,
            asker: { kind: 'role', arn: taskRoleArn },
            context: contextOf(taskRoleArn, place),
          }),
        }));
        const denied = found.filter(({ decision }) => decision === 'denied');
        const unsure = found.filter(({ decision }) => decision === 'maybe');
        const names = (list: typeof found) => ({
          actions: [...new Set(list.map(({ action }) => action))].join(', '),
          sids: [
            ...new Set(
              list.flatMap(({ statements }) => statements.map(({ sid }) => sid ?? 'one without a Sid')),
            ),
          ].join(', '),
        });
        if (denied.length > 0) {
          const { actions, sids } = names(denied);
          return [
            problem(
              subject,
              `denies ${actions} to the task role`,
              `the statement ${sids} does, and a deny goes before every allow`,
              {
                note: `except ${taskRoleArn} from that statement, in NotPrincipal or by aws:PrincipalArn`,
                commands: [],
              },
            ),
          ];
        }
        if (unsure.length > 0) {
          const { actions, sids } = names(unsure);
          return [
            warning(
              subject,
              `may deny ${actions} to the task role`,
              `the statement ${sids} has conditions on what is only known when a task asks`,
            ),
          ];
        }
        return [ok(subject, 'denies the task role nothing that it needs')];
      },
      () => [ok(subject, 'has no policy, and so none that denies anything')],
    ),
  ];
}

function requestsOf({ bucketArn }: Storage): { action: string; resource: string }[] {
  return [
    ...[...RAW_PREFIXES, ...COOKED_PREFIXES].flatMap((prefix) =>
      OBJECT_ACTIONS.map((action) => ({ action, resource: `${bucketArn}/${prefix}lakewright-check` })),
    ),
    ...BUCKET_ACTIONS.map((action) => ({ action, resource: bucketArn })),
  ];
}

/** What is known of every request of a task: over TLS, by the role, without headers for encryption or lists of access. */
function contextOf(roleArn: string, { account }: Place) {
  return {
    complete: false,
    keys: {
      'aws:securetransport': ['true'],
      'aws:principalarn': [roleArn],
      'aws:principalaccount': [account],
      'aws:principaltype': ['AssumedRole'],
      'aws:principalisawsservice': ['false'],
      's3:x-amz-server-side-encryption': undefined,
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
      's3:x-amz-acl': undefined,
    },
  };
}

function checkEncryption(brought: Brought, storage: Storage, facts: BucketFacts, place: Place): Finding[] {
  const subject = { check: 'bucket-encryption', where: storage.bucketArn };
  return [
    ...ofLook(
      subject,
      facts.encryption,
      ({ algorithm, kmsKey }: BucketEncryption) => {
        if (algorithm === 'AES256' || kmsKey === undefined || kmsKey.includes('alias/aws/s3')) {
          return [ok(subject, `is encrypted with ${algorithm}, by a key of AWS`)];
        }
        if (isAlias(kmsKey)) {
          return [
            warning(
              subject,
              `is encrypted with the alias ${kmsKey}`,
              'roles are let use a key and not an alias: which key it is was not looked at',
            ),
          ];
        }
        return keyFinding(brought, subject, keyArn(kmsKey, place));
      },
      // S3 encrypts every new object since January 2023.
      () => [ok(subject, 'is encrypted as S3 does by itself')],
    ),
  ];
}

/** Roles that an install makes may use the key of KmsKeyArn and no other. */
export function keyFinding(
  brought: Brought,
  subject: { check: string; where: string },
  arn: string,
): Finding[] {
  if (brought.kmsKeyArn === arn) return [ok(subject, `is encrypted with ${arn}, the key of KmsKeyArn`)];
  return [
    problem(
      subject,
      `is encrypted with ${arn}, and KmsKeyArn ${brought.kmsKeyArn === undefined ? 'is not said' : 'is another key'}`,
      'roles that the install makes may use no other key than that of KmsKeyArn',
      { note: `set KmsKeyArn=${arn}`, commands: [] },
    ),
  ];
}
