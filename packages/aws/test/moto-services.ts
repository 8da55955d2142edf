/** Buckets and queues at an AWS emulator, for the tests of this package and of those that use it. */
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { s3Client, sqsClient } from '../src/clients.ts';

export { s3ObjectStore } from '../src/index.ts';

/** A new bucket, with versions or not; its name. */
export async function newBucket(endpoint: string, options: { versions: boolean }): Promise<string> {
  const client = s3Client({ endpoint });
  const bucket = `bucket-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  if (options.versions) {
    await client.send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    );
  }
  client.destroy();
  return bucket;
}

/** A new queue with its dead letter queue, as the Terraform modules make them; their names. */
export async function newQueue(
  endpoint: string,
  options: { visibilitySeconds: number; maxReceives: number },
): Promise<{ name: string; deadLetterName: string }> {
  const client = sqsClient({ endpoint });
  const name = `queue-${randomUUID()}`;
  const deadLetterName = `${name}-dlq`;
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: deadLetterName }));
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await client.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        VisibilityTimeout: String(options.visibilitySeconds),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: Attributes?.QueueArn,
          maxReceiveCount: options.maxReceives,
        }),
      },
    }),
  );
  client.destroy();
  return { name, deadLetterName };
}
