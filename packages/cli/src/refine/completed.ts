import { createHash } from 'node:crypto';
import { LimitError } from '@lakewright/core';
import type { RuleSet } from '@lakewright/refine';

/** An output as it was read: its bytes went to `onChunk` meanwhile. */
export interface ReadOutput {
  readonly key: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** The keys that a completion names. Throws CompletionError, NotFoundError or LimitError. */
export async function readCompletion(set: RuleSet, key: string): Promise<string[]> {
  const { parseCompletion, REFINE_LIMITS } = await import('@lakewright/refine');
  const { body } = await set.open(key);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > REFINE_LIMITS.maxCompletionBytes) {
      const message = `${key} is longer than maxCompletionBytes (${REFINE_LIMITS.maxCompletionBytes})`;
      throw new LimitError('maxCompletionBytes', message);
    }
    chunks.push(chunk);
  }
  return parseCompletion(key, Buffer.concat(chunks));
}

/** Reads a whole output. Throws NotFoundError where there is none. */
export async function readOutput(
  set: RuleSet,
  key: string,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<ReadOutput> {
  const { contentType, body } = await set.open(key);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    hash.update(chunk);
    onChunk(chunk);
  }
  return { key, contentType, size, sha256: hash.digest('hex') };
}
