import {
  messageOf,
  NotFoundError,
  type ObjectInfo,
  type ObjectStore,
  PreconditionError,
  UnavailableError,
} from '@lakewright/core';
import type { RawObject } from '../types.ts';

/** What was found where a claimed object should be. */
export type Reading =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Other bytes under the same key: `info` says which. */
  | { readonly kind: 'replaced'; readonly info: ObjectInfo }
  /** This object can never be read; the others can. */
  | { readonly kind: 'bad'; readonly reason: string }
  /** This object could not be read now, for a reason of its own. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Reads one raw object and makes sure that the bytes are those of its etag: one call of the store where they are.
 * Throws UnavailableError when the store does not work, which says nothing about the object.
 */
export async function readRaw(store: ObjectStore, object: RawObject, maxBytes: number): Promise<Reading> {
  try {
    return (await readUnchanged(store, object, maxBytes)) ?? (await lookAgain(store, object));
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    return { kind: 'failed', reason: messageOf(error) };
  }
}

/** The object as it was claimed, or undefined when it is not there any more or changes while it is read. */
async function readUnchanged(
  store: ObjectStore,
  { key, etag }: RawObject,
  maxBytes: number,
): Promise<Reading | undefined> {
  try {
    const { size, body } = await store.open(key, { etag, lend: true });
    // Into one piece of memory at once: what is joined later is garbage, and much of it.
    const bytes = new Uint8Array(size > maxBytes ? 0 : size);
    let read = 0;
    for await (const piece of body) {
      // Leaving the loop lets go of the object.
      if (size > maxBytes) {
        return { kind: 'bad', reason: `${size} bytes are more than maxRawObjectBytes (${maxBytes})` };
      }
      if (read + piece.length > size) return undefined;
      bytes.set(piece, read);
      read += piece.length;
    }
    return read === bytes.length ? { kind: 'bytes', bytes } : undefined;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof PreconditionError) return undefined;
    throw error;
  }
}

/** What is where the object was. */
async function lookAgain(store: ObjectStore, { key, etag }: RawObject): Promise<Reading> {
  const info = await store.head(key);
  if (info === undefined) return { kind: 'bad', reason: 'the object is gone from the store' };
  if (info.etag !== etag) return { kind: 'replaced', info };
  return { kind: 'failed', reason: 'the object was another one while it was read' };
}
