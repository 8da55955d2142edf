import { ulidSource } from '@lakewright/core';
import { cook } from '@lakewright/lake';
import { createDemo, type DemoBatch } from '@lakewright/otlp';

/** What an object of a tenant's bucket is to be, and when it was made. */
export interface RawPut {
  readonly key: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

const MINUTE_MS = 60_000;

/**
 * `minutes` of a shop's telemetry that end now, an object a signal and minute, keyed as receivers do; with the
 * rows that each table must have in the end.
 */
export function telemetry(options: { organization: string; seed: number; rate: number; minutes: number }): {
  puts: RawPut[];
  rows: Map<string, number>;
} {
  const { organization, seed, rate, minutes } = options;
  // Whole hours, so that a test that begins near midnight has two days and not an accident.
  const startMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS;
  const demo = createDemo({ seed, rate, startNs: BigInt(startMs) * 1_000_000n });
  const ulid = ulidSource();
  const rows = new Map<string, number>();
  const puts: RawPut[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const atMs = startMs + (minute + 1) * MINUTE_MS;
    const path = new Date(atMs).toISOString().slice(0, 16).replace(/[-T:]/g, '/');
    for (const batch of demo.next(MINUTE_MS)) {
      count(rows, organization, batch);
      const key = `otel-raw/${organization}/default/${path}/${batch.signal}_${ulid(atMs)}.binpb`;
      puts.push({ key, body: batch.body });
    }
  }
  return { puts, rows };
}

/** Adds the rows that `batch` makes, table by table, as the cooker alone makes them of it. */
export function count(rows: Map<string, number>, organization: string, { signal, body }: DemoBatch): void {
  const object = {
    id: 1n,
    organization,
    collector: 'default',
    signal,
    key: 'x.binpb',
    etag: 'e',
    size: body.length,
    arrivedNs: 0n,
  };
  const { segments } = cook({ organization, signal, inputs: [{ object, bytes: body }] });
  for (const { table, rows: added } of segments) rows.set(table, (rows.get(table) ?? 0) + added);
}
