import { DAY_NS } from '../segment-keys.ts';
import { BY_DAY, findField, type IcebergField, UNPARTITIONED } from './schema.ts';

/** A segment as Iceberg's metadata describes it. */
export interface DataFile {
  readonly segmentId: string;
  readonly key: string;
  readonly level: number;
  readonly rows: number;
  readonly bytes: number;
  /** Inclusive bounds of time_unix_nano; never negative. */
  readonly minTimeNs: bigint;
  readonly maxTimeNs: bigint;
  /** The first and the last service_name by their bytes; undefined where the catalog does not know exactly. */
  readonly services: { readonly first: string; readonly last: string } | undefined;
}

/** What a manifest says has become of a file. */
export const STATUS = { EXISTING: 0, ADDED: 1, DELETED: 2 } as const;

/** A file in a manifest. */
export interface Entry {
  readonly file: DataFile;
  readonly status: (typeof STATUS)[keyof typeof STATUS];
  /** The snapshot that added the file, or that removed it. */
  readonly snapshotId: number;
  /** Of the snapshot that added the file. */
  readonly sequence: number;
}

/** The UTC day of all rows of a file, in days since 1970-01-01; undefined when they are of several. */
export function dayOf({ minTimeNs, maxTimeNs }: DataFile): number | undefined {
  const day = minTimeNs / DAY_NS;
  return day === maxTimeNs / DAY_NS ? Number(day) : undefined;
}

export function specOf(file: DataFile): number {
  return dayOf(file) === undefined ? UNPARTITIONED : BY_DAY;
}

/** Bounds of columns by field id, in Iceberg's single-value serialization. */
export interface Bounds {
  readonly lower: readonly { readonly key: number; readonly value: Uint8Array }[];
  readonly upper: readonly { readonly key: number; readonly value: Uint8Array }[];
}

/** What is known of a file's values: its times, and its services where the catalog has them. */
export function boundsOf(file: DataFile, fields: readonly IcebergField[]): Bounds {
  const known: [name: string, lower: Uint8Array, upper: Uint8Array][] = [
    ['timestamp', longBytes(file.minTimeNs / 1000n), longBytes(file.maxTimeNs / 1000n)],
    ['time_unix_nano', longBytes(file.minTimeNs), longBytes(file.maxTimeNs)],
  ];
  if (file.services !== undefined) {
    known.push(['service_name', Buffer.from(file.services.first), Buffer.from(file.services.last)]);
  }
  const found = known.flatMap(([name, lower, upper]) => {
    const key = findField(fields, name);
    return key === undefined ? [] : [{ key, lower, upper }];
  });
  return {
    lower: found.map(({ key, lower }) => ({ key, value: lower })),
    upper: found.map(({ key, upper }) => ({ key, value: upper })),
  };
}

/** A long, timestamp or timestamptz. */
function longBytes(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** An int or a date. */
export function intBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
