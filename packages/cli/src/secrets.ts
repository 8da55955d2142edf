import { type Secrets, secretsByScheme } from '@lakewright/core';
import { localSecrets } from '@lakewright/local';

/** The schemes of `@lakewright/aws`, which is loaded only when one of them is asked for. */
const AWS_SCHEMES = ['ssm', 'secretsmanager'];

const awsOnDemand: Secrets = {
  schemes: AWS_SCHEMES,
  async get(reference) {
    const { awsSecrets } = await import('@lakewright/aws');
    return awsSecrets().get(reference);
  },
};

/** Secrets from wherever they may be: `env:NAME`, `file:PATH`, `ssm:NAME`, `secretsmanager:ID#KEY`. */
export function openSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return secretsByScheme([localSecrets(environment), awsOnDemand]);
}
