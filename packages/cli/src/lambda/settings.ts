import { ConfigError, parseRules, type Rule } from '@lakewright/core';

/** What the environment of the function says. */
export interface LambdaSettings {
  readonly rule: Rule;
  readonly bucket: string;
  /** The queue to which failed messages are put back early; undefined leaves them to its visibility time. */
  readonly queueUrl: string | undefined;
}

/**
 * Reads the variables that the Terraform module sets: `REFINER_BUCKET`, `REFINER_INPUT_PREFIX`,
 * `REFINER_OUTPUT_PREFIX`, `REFINER_COMPLETE_PREFIX` (each prefix with or without a leading slash; the seed's
 * names where they are left out), `REFINER_NAME`, `REFINER_TIMEOUT` (seconds) and `REFINER_QUEUE_URL`. Throws
 * ConfigError.
 */
export function lambdaSettings(env: Readonly<Record<string, string | undefined>>): LambdaSettings {
  const bucket = env.REFINER_BUCKET;
  if (bucket === undefined || bucket === '') {
    throw new ConfigError('REFINER_BUCKET is not set', {
      hint: 'it names the bucket that the function serves',
    });
  }
  const declared = {
    name: env.REFINER_NAME ?? 'Refiner',
    input_prefix: env.REFINER_INPUT_PREFIX?.replace(/^\/+/, ''),
    output_prefix: env.REFINER_OUTPUT_PREFIX?.replace(/^\/+/, ''),
    complete_prefix: env.REFINER_COMPLETE_PREFIX?.replace(/^\/+/, ''),
    timeout: env.REFINER_TIMEOUT === undefined ? undefined : Number(env.REFINER_TIMEOUT),
  };
  const [rule] = parseRules([declared], 'the environment');
  return { rule, bucket, queueUrl: env.REFINER_QUEUE_URL };
}
