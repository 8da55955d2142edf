import { createHash } from 'node:crypto';
import type { AccountIdentity } from '@lakewright/core';
import type { DeployRequest, TemplateFacts } from '@lakewright/deploy';
import type { WantedOptions } from './options.ts';

/** Letters of the hash that names a set of templates. */
const HASH_LETTERS = 20;

/**
 * The request with its templates where CloudFormation finds those of the stacks inside. They lie under a hash of their
 * content, so that what a stack was made of stays, and an update is never told the address of older ones.
 */
export async function withTemplates(
  request: DeployRequest,
  { templateBucket: bucket, layout }: WantedOptions,
  { region }: AccountIdentity,
): Promise<DeployRequest> {
  if (layout !== 'root' || bucket === undefined) return request;
  const { s3ObjectStore } = await import('@lakewright/aws');
  const { TEMPLATE_BASE } = await import('@lakewright/deploy');
  const prefix = `lakewright/templates/${hashOf(request.templates)}`;
  const store = s3ObjectStore({ bucket, region });
  for (const { file, body } of request.templates.values()) {
    await store.put(`${prefix}/${file}`, Buffer.from(body), { contentType: 'application/yaml' });
  }
  const host = `${bucket}.s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const base = { name: TEMPLATE_BASE, value: `https://${host}/${prefix}`, stack: 'root' };
  return { ...request, given: [...request.given, base] };
}

function hashOf(templates: ReadonlyMap<string, TemplateFacts>): string {
  const hash = createHash('sha256');
  for (const [file, { body }] of [...templates].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([file, body]));
  }
  return hash.digest('hex').slice(0, HASH_LETTERS);
}
