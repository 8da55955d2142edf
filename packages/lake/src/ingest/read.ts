import {
  messageOf,
  NotFoundError,
  type ObjectInfo,
  type ObjectStore,
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
 * Reads one raw object and makes sure that the bytes are those of its etag, before and after. Throws
 * UnavailableError when the store does not work, which says nothing about the object.
 */
export async function readRaw(store: ObjectStore, object: RawObject, maxBytes: number): Promise<Reading> {
  try {
    const before = await store.head(object.key);
    if (before === undefined) return GONE;
    if (before.etag !== object.etag) return { kind: 'replaced', info: before };
    if (before.size > maxBytes) {
      return { kind: 'bad', reason: `${before.size} bytes are more than maxRawObjectBytes (${maxBytes})` };
    }
    const bytes = await store.get(object.key);
    const after = await store.head(object.key);
    if (after === undefined) return GONE;
    return after.etag === object.etag ? { kind: 'bytes', bytes } : { kind: 'replaced', info: after };
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    if (error instanceof NotFoundError) return GONE;
    return { kind: 'failed', reason: messageOf(error) };
  }
}

const GONE: Reading = { kind: 'bad', reason: 'the object is gone from the store' };
