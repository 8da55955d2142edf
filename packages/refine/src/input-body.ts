import type { ObjectDescription, ObjectStore } from '@lakewright/core';

/** An object of at most this many bytes is read once and kept, however often its handler loops over it. */
export const KEPT_BYTES = 256 * 1024;

/**
 * The bytes of the object that was described: every loop reads them from the first one. Each throws
 * PreconditionError when the object is another one by then.
 */
export function inputBody(store: ObjectStore, description: ObjectDescription): AsyncIterable<Uint8Array> {
  if (description.size > KEPT_BYTES) return { [Symbol.asyncIterator]: () => read(store, description) };
  let kept: Promise<Uint8Array> | undefined;
  return {
    async *[Symbol.asyncIterator]() {
      kept ??= readWhole(store, description);
      const bytes = await kept;
      // A copy, because a chunk belongs to whoever gets it.
      if (bytes.length > 0) yield bytes.slice();
    },
  };
}

/**
 * The same bytes for somebody who is done with a chunk before the next: copying a big object so takes one
 * buffer and not the garbage of all.
 */
export function lentBody(store: ObjectStore, description: ObjectDescription): AsyncIterable<Uint8Array> {
  return read(store, description, true);
}

async function* read(
  store: ObjectStore,
  { key, versionId, etag }: ObjectDescription,
  lend = false,
): AsyncGenerator<Uint8Array> {
  const { body } = await store.open(key, { versionId, etag, lend });
  yield* body;
}

async function readWhole(store: ObjectStore, description: ObjectDescription): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(read(store, description))));
}
