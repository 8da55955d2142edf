import type { StackResource } from '@lakewright/core';
import type { TemplateFacts } from './template-facts.ts';

/** What stays in the account when a stack is deleted. */
export interface LeftOver {
  readonly stack: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** `kept`, or `snapshot`: the resource goes, and a snapshot of it stays. */
  readonly as: 'kept' | 'snapshot';
  /** A command that removes it, where there is one. */
  readonly remove: string | undefined;
}

/** Commands that remove what is kept, by type. */
const REMOVALS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::EFS::FileSystem': (id) => `aws efs delete-file-system --file-system-id ${id}`,
  'AWS::Logs::LogGroup': (id) => `aws logs delete-log-group --log-group-name ${id}`,
  'AWS::RDS::DBInstance': (id) =>
    `aws rds delete-db-instance --db-instance-identifier ${id} --final-db-snapshot-identifier ${id}-final`,
  'AWS::S3::Bucket': (id) => `aws s3 rb s3://${id} --force`,
  'AWS::SecretsManager::Secret': (id) => `aws secretsmanager delete-secret --secret-id ${id}`,
  'AWS::SQS::Queue': (id) => `aws sqs delete-queue --queue-url ${id}`,
};

/** They go with what they are of. */
const PARTS = new Set(['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy']);

/** What a stack leaves, by the policies of its template and the resources that it has. */
export function leftOvers(
  stack: string,
  template: TemplateFacts,
  resources: readonly StackResource[],
): LeftOver[] {
  const policies = new Map(
    template.resources.map(({ logicalId, deletionPolicy }) => [logicalId, deletionPolicy]),
  );
  return resources.flatMap(({ logicalId, physicalId, type, status }): LeftOver[] => {
    const policy = policies.get(logicalId) ?? 'Delete';
    if (policy === 'Delete' || physicalId === undefined || PARTS.has(type)) return [];
    // Of one that was deleted after all nothing stays but the snapshot.
    if (status === 'DELETE_COMPLETE' && policy !== 'Snapshot') return [];
    if (policy === 'Snapshot') {
      return [
        { stack, logicalId, physicalId, type, as: 'snapshot', remove: removeSnapshot(type, physicalId) },
      ];
    }
    return [{ stack, logicalId, physicalId, type, as: 'kept', remove: REMOVALS[type]?.(physicalId) }];
  });
}

function removeSnapshot(type: string, id: string): string | undefined {
  if (type !== 'AWS::RDS::DBInstance') return undefined;
  return `aws rds describe-db-snapshots --db-instance-identifier ${id}, then aws rds delete-db-snapshot`;
}
