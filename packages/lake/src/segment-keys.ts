import { isOrganization } from '@lakewright/core';
import { TABLE_NAMES, type TableName } from './tables.ts';

/** Where segments are. */
export const SEGMENT_PREFIX = 'db/';

/** Nanoseconds of a day. */
export const DAY_NS = 86_400_000_000_000n;

const KEY = /^db\/([^/]+)\/([a-z_]+)\/\d{8}\/\d{2}\/([0-9a-f]{32})\.parquet$/;

/** The key of a segment: `db/{organization}/{table}/{yyyymmdd}/{hh}/{id}.parquet`, day and hour its first row's. */
export function segmentKey(
  organization: string,
  table: TableName,
  minTimeNs: bigint,
  segmentId: string,
): string {
  const date = new Date(Number(minTimeNs / 1_000_000n)).toISOString();
  const day = date.slice(0, 10).replaceAll('-', '');
  return `${SEGMENT_PREFIX}${organization}/${table}/${day}/${date.slice(11, 13)}/${segmentId}.parquet`;
}

/** What a segment's key says of it, or undefined when it is none. */
export function parseSegmentKey(
  key: string,
): { organization: string; table: TableName; segmentId: string } | undefined {
  const match = KEY.exec(key);
  if (match === null) return undefined;
  const [, organization, name, segmentId] = match;
  const table = TABLE_NAMES.find((candidate) => candidate === name);
  return table === undefined || !isOrganization(organization)
    ? undefined
    : { organization, table, segmentId };
}
