import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { messageOf } from '@lakewright/core';
import { CompressionError, zstdFrames } from '@lakewright/otlp';
import type { FormatLimits } from './limits.ts';
import { FormatProblem } from './problem.ts';
import type { Compression } from './suffixes.ts';

/** Of what may be of any length: big enough that joining the pieces costs little, small enough for a small object. */
const CHUNK_BYTES = 1024 * 1024;
/** Memory that is set aside at once: a frame may say less than the truth about its length. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * The object's bytes without their compression, at most `maxObjectBytes` of them. Files of several gzip
 * members or zstd frames, as `cat` and parallel compressors make them, are read to their end.
 */
export function decompress(bytes: Uint8Array, compression: Compression, limits: FormatLimits): Uint8Array {
  const limit = limits.maxObjectBytes;
  if (compression === 'none') {
    if (bytes.length > limit) throw tooLong(limit);
    return bytes;
  }
  try {
    return compression === 'gzip' ? gunzipSync(bytes, output(limit, CHUNK_BYTES)) : unzstd(bytes, limit);
  } catch (error) {
    if (error instanceof FormatProblem) throw error;
    if (error instanceof CompressionError)
      throw new FormatProblem(`it is ${error.message}`, { cause: error });
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(limit);
    throw new FormatProblem(`it is not valid ${compression}: ${messageOf(error)}`, { cause: error });
  }
}

function unzstd(bytes: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = limit;
  for (const { start, end, plainBytesAtMost } of zstdFrames(bytes)) {
    // In one piece, so that nothing is joined; a byte more, or zlib asks whether there is a second one.
    const chunkBytes = Math.min(plainBytesAtMost + 1, MAX_CHUNK_BYTES);
    const part = zstdDecompressSync(bytes.subarray(start, end), output(left, chunkBytes));
    left -= part.length;
    if (left < 0) throw tooLong(limit);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function output(limit: number, chunkBytes: number): { chunkSize: number; maxOutputLength: number } {
  // zlib takes no smaller chunks.
  return { chunkSize: Math.max(64, chunkBytes), maxOutputLength: Math.max(1, limit) };
}

function tooLong(limit: number): FormatProblem {
  return new FormatProblem(
    `it is longer than maxObjectBytes (${limit} bytes after decompression); split it into smaller files`,
  );
}
