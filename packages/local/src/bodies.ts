import { fstatSync, write } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PreconditionError } from '@lakewright/core';
import { storeError } from './file-errors.ts';
import { type FileFacts, infoOf } from './listing.ts';

/** Bytes that are read of a file at once: a copy of one object holds a few of these, however big it is. */
const CHUNK_BYTES = 256 * 1024;

/** What a body threw while it was put, told apart from what the disk threw. */
class BodyFailure extends Error {
  constructor(cause: unknown) {
    super('the body failed', { cause });
  }
}

/** The bytes of an object that is being put. */
export class PutBody {
  readonly #whole: Uint8Array | undefined;
  readonly #chunks: AsyncIterator<Uint8Array> | undefined;

  constructor(body: Uint8Array | AsyncIterable<Uint8Array>) {
    if (body instanceof Uint8Array) this.#whole = body;
    else this.#chunks = body[Symbol.asyncIterator]();
  }

  async writeTo(descriptor: number): Promise<void> {
    if (this.#whole !== undefined) return writeAll(descriptor, this.#whole);
    for (let step = await this.#next(); !step.done; step = await this.#next()) {
      await writeAll(descriptor, step.value);
    }
  }

  /** Lets go of what the body holds when it is not read to its end. Never rejects. */
  async release(): Promise<void> {
    try {
      await this.#chunks?.return?.();
    } catch {
      // The put has failed for a reason of its own, which is what its caller must hear.
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array, unknown>> {
    try {
      return (await this.#chunks?.next()) ?? { done: true, value: undefined };
    } catch (error) {
      throw new BodyFailure(error);
    }
  }
}

/** What a body threw, or `error` itself when it came from elsewhere. */
export function unwrapBodyFailure(error: unknown): { fromBody: boolean; error: unknown } {
  return error instanceof BodyFailure ? { fromBody: true, error: error.cause } : { fromBody: false, error };
}

/**
 * The bytes of the open file, once, from the first to the last; it closes the file at the end, on a failure and
 * when the reader leaves. A file that is written to meanwhile ends in PreconditionError: what was read of it
 * would be of no object that ever was. With `lend` all chunks are of one memory.
 */
export function readBody(
  handle: FileHandle,
  object: { key: string; facts: FileFacts },
  lend: boolean,
): AsyncIterable<Uint8Array> {
  const { key } = object;
  const chunks = readChunks(handle, object, lend);
  let taken = false;
  return {
    [Symbol.asyncIterator]() {
      if (taken) throw new Error(`the body of ${key} can be read only once: open the object again`);
      taken = true;
      return {
        next: () => chunks.next(),
        async return() {
          await chunks.return(undefined);
          // A generator that was never begun does not run its `finally`.
          await handle.close();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* readChunks(
  handle: FileHandle,
  { key, facts }: { key: string; facts: FileFacts },
  lend: boolean,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  try {
    const size = Number(facts.size);
    const lent = lend ? new Uint8Array(Math.min(CHUNK_BYTES, size)) : undefined;
    for (let position = 0; position < size; ) {
      const chunk = lent ?? new Uint8Array(Math.min(CHUNK_BYTES, size - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead);
    }
    checkUnchanged(handle, { key, facts });
  } catch (error) {
    throw error instanceof PreconditionError ? error : storeError('read', key, error);
  } finally {
    await handle.close();
  }
  return undefined;
}

/**
 * The bytes of the open file from `start` up to `end`, which are inside of it. Throws PreconditionError when it
 * was written to meanwhile.
 */
export async function readRange(
  handle: FileHandle,
  object: { key: string; facts: FileFacts },
  { start, end }: { start: number; end: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  checkUnchanged(handle, object);
  return bytes;
}

/** A file that is written to in place has another size or time, whatever was read of it. */
function checkUnchanged(handle: FileHandle, { key, facts }: { key: string; facts: FileFacts }): void {
  if (infoOf(key, fstatSync(handle.fd, { bigint: true })).etag !== infoOf(key, facts).etag) {
    throw new PreconditionError(`${key} was written to while it was read`, { hint: 'read it again' });
  }
}

const writeSome = promisify(write);

/** Writes all of `bytes` where the file stands. */
export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await writeSome(descriptor, bytes, written, bytes.length - written, null)).bytesWritten;
  }
}
