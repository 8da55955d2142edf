import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect } from 'vitest';
import { encodeRequest } from '../../otlp/test/otlp-proto.ts';
import { cook, cookMemory, type RawObject, storedColumns, type TableName } from '../src/index.ts';

export type Signal = 'logs' | 'traces' | 'metrics';
export type Cell = unknown;
export type Rows = Record<string, Cell>[];

export const ORGANIZATION = '12340000-0000-4000-8000-000000000000';
export const ARRIVED = 1_700_000_000_123_456_789n;

/** One raw object of `bytes` as a cook job takes it. */
export function input(
  signal: Signal,
  bytes: Uint8Array,
  name = 'a',
): { object: RawObject; bytes: Uint8Array } {
  const key = `otel-raw/${ORGANIZATION}/default/${signal}_${name}.binpb`;
  return {
    object: {
      id: 1n,
      organization: ORGANIZATION,
      collector: 'default',
      signal,
      key,
      etag: 'e',
      size: bytes.length,
      arrivedNs: ARRIVED,
    },
    bytes,
  };
}

const memory = cookMemory();

/**
 * Cooks one request, in memory full of an earlier batch's bytes, and reads every segment back with another
 * Parquet reader.
 */
export async function cookAndRead(
  signal: Signal,
  request: object,
): Promise<Partial<Record<TableName, Rows>>> {
  const bytes = encodeRequest(signal, request);
  memory.clear();
  memory.uint8(4 * 1024 * 1024).fill(0xff);
  const { segments } = cook({ organization: ORGANIZATION, signal, inputs: [input(signal, bytes)] }, memory);
  const tables: Partial<Record<TableName, Rows>> = {};
  for (const { table, parquet, rows } of segments) {
    const read = await parquetReadObjects({ file: parquet.buffer as ArrayBuffer, compressors });
    expect(read.length).toBe(rows);
    expect(Object.keys(read[0])).toEqual(storedColumns(table).map(({ name }) => name));
    tables[table] = [...(tables[table] ?? []), ...read];
  }
  return tables;
}
