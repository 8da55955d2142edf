import type { ChunkMeta } from '../chunk.ts';
import type { Leaf } from '../schema.ts';
import { ThriftReader } from './thrift-reader.ts';

/** What a footer says of the chunk of `leaf` that it describes at byte `at`. Throws RangeError. */
export function readChunkMeta(footer: Uint8Array, at: number, leaf: Leaf): ChunkMeta {
  const thrift = new ThriftReader(footer, at);
  const encodings: number[] = [];
  const numbers = new Map<number, number>();
  let nullCount = 0;
  let bounds: { min?: Uint8Array; max?: Uint8Array } = {};
  thrift.struct((id) => {
    if (id === 2) thrift.list(() => void encodings.push(thrift.int()));
    else if (id === 12) {
      thrift.struct((field) => {
        if (field === 3) nullCount = thrift.int();
        else if (field === 5) bounds = { ...bounds, max: thrift.binary() };
        else if (field === 6) bounds = { ...bounds, min: thrift.binary() };
        else return false;
        return true;
      });
    } else if (id === 3) return false;
    else numbers.set(id, thrift.int());
    return true;
  });
  const number = (id: number): number => {
    const value = numbers.get(id);
    if (value === undefined) throw new RangeError('a column chunk is not described');
    return value;
  };
  return {
    leaf,
    codec: number(4),
    encodings,
    valueCount: number(5),
    nullCount,
    uncompressedBytes: number(6),
    compressedBytes: number(7),
    dictionaryOffset: numbers.get(11),
    dataOffset: number(9),
    ...bounds,
  };
}
