import type { Secrets } from '@lakewright/core';

/** Whether `source` names a text elsewhere (`env:NAME`, `ssm:NAME`, ...), and no file. */
export function isReference(source: string, { schemes }: Secrets): boolean {
  return schemes.some((scheme) => source.startsWith(`${scheme}:`));
}
