import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchMemory } from './index.ts';

const MB = 1024 * 1024;
const KINDS = ['uint8', 'int32', 'uint32', 'float64'] as const;

describe('BatchMemory', () => {
  it('makes arrays that share no bytes, however many and long they are', () => {
    const request = fc.record({ kind: fc.constantFrom(...KINDS), length: fc.nat(3 * MB) });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
        const memory = new BatchMemory(16 * MB);
        const arrays = requests.map(({ kind, length }) => memory[kind](length));
        expect(arrays.map(({ length }) => length)).toEqual(requests.map(({ length }) => length));
        const places = arrays
          .filter(({ length }) => length > 0)
          .map(({ buffer, byteOffset, byteLength }) => ({
            buffer,
            from: byteOffset,
            to: byteOffset + byteLength,
          }));
        const overlaps = places.filter((a, i) =>
          places.slice(i + 1).some((b) => a.buffer === b.buffer && a.from < b.to && b.from < a.to),
        );
        expect(overlaps).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same bytes again once they were taken back', () => {
    const memory = new BatchMemory(8 * MB);
    const first = memory.int32(1000).fill(7);
    const mark = memory.mark();
    const second = memory.int32(1000).fill(8);
    memory.release(mark);
    expect(memory.int32(1000)).toEqual(second);
    memory.clear();
    expect(memory.int32(1000)).toEqual(first);
  });

  it('keeps no more than it may', () => {
    const memory = new BatchMemory(16 * MB);
    const kept = () => {
      memory.clear();
      return new Set(Array.from({ length: 12 }, () => memory.uint8(3 * MB).buffer));
    };
    const before = kept();
    expect([...kept()].filter((buffer) => before.has(buffer)).map((buffer) => buffer.byteLength)).toEqual([
      8 * MB,
      8 * MB,
    ]);
  });

  it('keeps nothing unless it is told to', () => {
    const memory = new BatchMemory();
    const first = memory.uint32(10).fill(1);
    memory.clear();
    expect(memory.uint32(10)).toEqual(new Uint32Array(10));
    expect(first[0]).toBe(1);
  });
});
