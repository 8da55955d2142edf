import { type Secrets, secretsByScheme } from '@lakewright/core';

/** Secrets of these schemes; the package that knows them is loaded only when one is asked for. */
function onDemand(schemes: readonly string[], open: () => Promise<Secrets>): Secrets {
  return { schemes, get: async (reference) => (await open()).get(reference) };
}

/** Secrets from wherever they may be: `env:NAME`, `file:PATH`, `ssm:NAME`, `secretsmanager:ID#KEY`. */
export function openSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return secretsByScheme([
    onDemand(['env', 'file'], async () => (await import('@lakewright/local')).localSecrets(environment)),
    onDemand(['ssm', 'secretsmanager'], async () => (await import('@lakewright/aws')).awsSecrets()),
  ]);
}
