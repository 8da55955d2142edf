import { type FileHandle, open } from 'node:fs/promises';
import { LakewrightError, messageOf, UnavailableError } from '@lakewright/core';
import type { ChunkCopy } from '@lakewright/lake';
import type { CachedFile, WantedExtract } from './cached-file.ts';
import type { KnownSegment } from './footers.ts';
import type { CacheLimits } from './limits.ts';
import { type Range, readsOf } from './ranges.ts';
import type { RangeReader } from './reader.ts';

/** Where an extract's chunks come from. */
export interface Sources {
  readonly reader: RangeReader;
  readonly limits: CacheLimits;
  /** Other files of the same object, which may still be on their way. */
  readonly siblings: readonly CachedFile[];
}

/**
 * Makes the file of an extract: copies the chunks that a sibling has, and fetches the others. Throws what the
 * reader throws, and UnavailableError when the disk does not take the file.
 */
export async function writeExtract(
  file: CachedFile,
  { segment, extract }: WantedExtract,
  sources: Sources,
): Promise<void> {
  try {
    const handle = await open(file.path, 'wx', 0o600);
    try {
      await writeAt(handle, extract.head, 0);
      await writeAt(handle, extract.end, extract.endAt);
      const missing = await copyChunks(handle, extract.copies, sources.siblings);
      await fetchChunks(handle, missing, segment, { ...sources, signal: file.stop.signal });
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof LakewrightError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    throw new UnavailableError(`could not keep a part of segment ${segment.key} on this machine: ${code}`, {
      hint: 'see to the disk of the cache, or lower maxCachedBytes',
      cause: error,
    });
  }
}

/** Copies what siblings have; answers what none of them has. */
async function copyChunks(
  handle: FileHandle,
  copies: readonly ChunkCopy[],
  siblings: readonly CachedFile[],
): Promise<readonly ChunkCopy[]> {
  let missing = copies;
  for (const sibling of siblings) {
    const there = missing.filter((copy) => sibling.has(copy));
    if (there.length === 0) continue;
    const done = new Set<ChunkCopy>();
    try {
      await sibling.copy(there, async (copy, bytes) => {
        await writeAt(handle, bytes, copy.at);
        done.add(copy);
      });
    } catch {
      // It was evicted or given up meanwhile: what it did not give is fetched.
    }
    missing = missing.filter((copy) => !done.has(copy));
  }
  return missing;
}

async function fetchChunks(
  handle: FileHandle,
  copies: readonly ChunkCopy[],
  segment: KnownSegment,
  { reader, limits, signal }: Omit<Sources, 'siblings'> & { readonly signal: AbortSignal },
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const fetching = readsOf(copies, limits).map(async (range) => {
    try {
      const bytes = inTail(segment, range) ?? (await fetchRange(reader, segment, range, either));
      for (const copy of copies) {
        const from = Math.max(copy.start, range.start);
        const to = Math.min(copy.end, range.end);
        if (from >= to) continue;
        await writeAt(
          handle,
          bytes.subarray(from - range.start, to - range.start),
          copy.at + from - copy.start,
        );
      }
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const settled = await Promise.allSettled(fetching);
  // The first that failed is the reason why others were given up, and need not be the first in order.
  const reasons = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (reasons.length > 0) throw reasons.find((reason) => !isCancelled(reason)) ?? reasons[0];
}

async function fetchRange(
  reader: RangeReader,
  { key, etag }: KnownSegment,
  range: Range,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return (await reader.read(key, { ...range, etag }, signal)).bytes;
}

/** The bytes of `range` when they came with the footer. */
function inTail({ tail }: KnownSegment, { start, end }: Range): Uint8Array | undefined {
  if (tail === undefined || start < tail.start) return undefined;
  return tail.bytes.subarray(start - tail.start, end - tail.start);
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const left = bytes.length - written;
    written += (await handle.write(bytes, written, left, position + written)).bytesWritten;
  }
}

function isCancelled(reason: unknown): boolean {
  return reason instanceof LakewrightError && reason.code === 'CANCELLED';
}
