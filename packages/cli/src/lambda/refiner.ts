import { s3ObjectStore, sqsQueue } from '@lakewright/aws';
import { createLogger } from '@lakewright/core';
import { createLambdaHandler } from '@lakewright/refine';
import { guardProcess } from '../guard.ts';
import handle from './handler.ts';
import { lambdaSettings } from './settings.ts';

/** The entry of the refiner's Lambda function: composed once for each environment that Lambda starts. */
const { rule, bucket, queueUrl } = lambdaSettings(process.env);
const logger = createLogger({
  level: 'info',
  format: 'json',
  write: (line) => void process.stdout.write(line),
});

guardProcess(logger);

export const handler = createLambdaHandler({
  rule,
  bucket,
  handler: handle,
  store: s3ObjectStore({ bucket }),
  queue: queueUrl === undefined ? undefined : await sqsQueue({ queueUrl }),
  logger,
});
