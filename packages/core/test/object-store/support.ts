import { createHash } from 'node:crypto';
import type { ObjectInfo, ObjectStore } from '@lakewright/core';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (body: Uint8Array): string => new TextDecoder().decode(body);

/** More than the parts in which a store may send a stream, so that a body of this size takes several. */
export const LARGE_BYTES = 20 * 1024 * 1024;

/** Bytes that look random and are the same every time. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** `body` bit by bit, in `size`-byte pieces. */
export async function* pieces(body: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

/** `body` bit by bit, and then `error` instead of the end. */
export async function* broken(body: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield* pieces(body);
  throw error;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a body holds. Pieces are kept until the end, so that one which is overwritten meanwhile shows. */
export async function wholeOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await collect(body));
}

/** Compares large bodies without printing them. */
export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

export async function keysOf(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  return (await collect(store.list(prefix, { startAfter }))).map((info: ObjectInfo) => info.key);
}
