import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompress } from './decompress.ts';
import { FORMAT_LIMITS } from './limits.ts';
import { FormatProblem } from './problem.ts';

/** zstd frames with and without checksum and content size, at several levels. */
const options = fc.record({
  checksum: fc.integer({ min: 0, max: 1 }),
  contentSize: fc.integer({ min: 0, max: 1 }),
  level: fc.integer({ min: 1, max: 9 }),
});

/** Text that compresses, runs of one byte and noise, so that every kind of block comes up. */
const content = fc.oneof(
  fc.string().map((text) => Buffer.from(text.repeat(50))),
  fc.integer({ min: 0, max: 300_000 }).map((length) => Buffer.alloc(length, 7)),
  fc.integer({ min: 0, max: 300_000 }).map((length) => randomBytes(length)),
);

function frame(
  bytes: Buffer,
  { checksum, contentSize, level }: { checksum: number; contentSize: number; level: number },
) {
  return zstdCompressSync(bytes, {
    params: {
      [constants.ZSTD_c_checksumFlag]: checksum,
      [constants.ZSTD_c_contentSizeFlag]: contentSize,
      [constants.ZSTD_c_compressionLevel]: level,
    },
  });
}

describe('zstd', () => {
  it('frames of every kind, one after the other, are read to the end', () => {
    const frames = fc.array(fc.tuple(content, options), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(frames, (parts) => {
        const stored = Buffer.concat(parts.map(([bytes, how]) => frame(bytes, how)));
        const plain = Buffer.concat(parts.map(([bytes]) => bytes));
        expect(Buffer.from(decompress(stored, 'zstd', FORMAT_LIMITS)).equals(plain)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('a file that is cut off anywhere is refused', () => {
    const stored = Buffer.concat([frame(randomBytes(500), { checksum: 1, contentSize: 1, level: 1 })]);
    for (let length = 0; length < stored.length; length++) {
      expect(() => decompress(stored.subarray(0, length), 'zstd', FORMAT_LIMITS)).toThrow(FormatProblem);
    }
  });

  it('random bytes behind a frame header are read or refused, nothing else', () => {
    const magic = [0x28, 0xb5, 0x2f, 0xfd];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decompress(Uint8Array.from([...magic, ...bytes]), 'zstd', FORMAT_LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatProblem);
        }
      }),
    );
  });
});
