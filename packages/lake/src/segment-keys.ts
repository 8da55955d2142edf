import { isOrganization } from '@lakewright/core';
import { DATA_DIRECTORY, type Place } from './places.ts';
import { TABLE_NAMES, type TableName } from './tables.ts';

/** Where segments are. */
export const SEGMENT_PREFIX = 'db/';

/** Nanoseconds of a day. */
export const DAY_NS = 86_400_000_000_000n;

const KEY = /^db\/([^/]+)\/([a-z0-9_]+)\/\d{8}\/\d{2}\/([0-9a-f]{32})\.parquet$/;

/**
 * The key of a segment: `db/{organization}/{table}/{yyyymmdd}/{hh}/{id}.parquet` below the base of its place, day
 * and hour its first row's.
 */
export function segmentKey(
  organization: string,
  table: TableName,
  minTimeNs: bigint,
  segmentId: string,
  base = '',
): string {
  const date = new Date(Number(minTimeNs / 1_000_000n)).toISOString();
  const day = date.slice(0, 10).replaceAll('-', '');
  return `${base}${SEGMENT_PREFIX}${organization}/${table}/${day}/${date.slice(11, 13)}/${segmentId}.parquet`;
}

/** What the key of a segment in `place` says of it, or undefined when it is none. */
export function parseSegmentKey(
  key: string,
  place: Place = DATA_DIRECTORY,
): { organization: string; table: TableName; segmentId: string } | undefined {
  const match = key.startsWith(place.base) ? KEY.exec(key.slice(place.base.length)) : null;
  if (match === null) return undefined;
  const [, organization, name, segmentId] = match;
  const table = TABLE_NAMES.find((candidate) => candidate === name);
  return table === undefined || !isOrganization(organization)
    ? undefined
    : { organization, table, segmentId };
}
