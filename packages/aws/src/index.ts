export { type AthenaOptions, athenaEngine } from './athena/statement-engine.ts';
export type { ClientOptions, S3ClientOptions } from './clients.ts';
export * from './errors.ts';
export type { RoleOptions } from './roles.ts';
export type { LocalCopiesOptions } from './s3/local-copies.ts';
export { type S3ObjectStoreOptions, s3ObjectStore } from './s3/object-store.ts';
export { awsSecrets } from './secrets/aws-secrets.ts';
export { type SqsQueueOptions, sqsQueue } from './sqs/queue.ts';
