import {
  BadInputError,
  isOrganization,
  isSignal,
  type PrefixRule,
  ruleFor,
  type Signal,
  ulidTime,
} from '@lakewright/core';
import { DATA_DIRECTORY, type Place, type Places } from '../places.ts';

/** Where receivers put what they accepted. */
export const RAW_PREFIX = 'otel-raw/';

/** How raw objects find ingest: what receivers stored, and the folders into which people drop files. */
export interface RawRule extends PrefixRule {
  /** What the files are that people drop there; undefined where the key says it. */
  readonly signal: Signal | undefined;
}

const rawRule = (inputPrefix: string, signal?: Signal): RawRule => ({
  name: inputPrefix.slice(0, -1),
  inputPrefix,
  outputPrefixes: ['db/', 'iceberg/'],
  signal,
});

export const RAW_RULES: readonly RawRule[] = [
  rawRule(RAW_PREFIX),
  rawRule('logs-raw/', 'logs'),
  rawRule('metrics-raw/', 'metrics'),
  rawRule('traces-raw/', 'traces'),
];
/** The collector of files dropped by hand. */
export const DROP_COLLECTOR = 'files';

const COLLECTOR = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
const RAW_KEY = /^otel-raw\/([^/]+)\/([^/]+)\/(?:[^/]+\/)*(logs|traces|metrics)_([^/]+)$/;

/** What a raw object's key says about it. */
export interface ParsedRawKey {
  readonly organization: string;
  readonly collector: string;
  readonly signal: Signal;
  /** Milliseconds since the epoch, when the key says when the object arrived. */
  readonly arrivedMs?: number;
}

/**
 * The key of the raw object with `ulid`, made at `arrivedMs` (UTC), below the base of its place:
 * `otel-raw/{organization}/{collector}/{yyyy}/{mm}/{dd}/{hh}/{mi}/{signal}_{ulid}.binpb.zst`.
 * Throws BadInputError when the organization is no UUID or the collector's name is not made of 1 to 64
 * letters, digits, `.`, `_` and `-`; `.` and `..` are no names.
 */
export function rawKey(
  group: { organization: string; collector: string; signal: Signal },
  ulid: string,
  arrivedMs: number,
  base = '',
): string {
  checkGroup(group);
  return `${base}${minutePrefix(group, arrivedMs)}${group.signal}_${ulid}.binpb.zst`;
}

/** Where the raw objects of one organization and collector are that arrived in one minute (UTC). */
export function minutePrefix(group: { organization: string; collector: string }, atMs: number): string {
  const minute = new Date(atMs).toISOString().slice(0, 16).replace(/[-T:]/g, '/');
  return `${RAW_PREFIX}${group.organization}/${group.collector}/${minute}/`;
}

/** Throws BadInputError when `group` cannot be part of a key. */
export function checkGroup(group: { organization: string; collector: string }): void {
  if (!isOrganization(group.organization)) {
    throw new BadInputError(`organization ${JSON.stringify(group.organization)} is not a lower-case UUID`);
  }
  if (!COLLECTOR.test(group.collector)) {
    throw new BadInputError(
      `collector ${JSON.stringify(group.collector.slice(0, 100))} cannot be part of a key`,
      {
        hint: 'use 1 to 64 letters, digits, ".", "_" and "-", and not "." or ".." alone',
      },
    );
  }
}

/**
 * What the key of a raw object or of a dropped file in `place` says; undefined when it is neither, and when
 * it names an organization that has nothing to do with that place.
 *
 * A received object is `otel-raw/{organization}/{collector}/` with any folders after it, and a name that begins
 * with its signal and `_`. A dropped file belongs to the organization whose UUID is the first folder below the
 * prefix (in any case of letters), else to the one that the place says. Its time of arrival is its time of
 * change, which the key does not say. Folders and names that begin with a dot are nobody's: half-written files
 * are often called so.
 */
export function parseRawKey(key: string, place: Place = DATA_DIRECTORY): ParsedRawKey | undefined {
  if (!key.startsWith(place.base)) return undefined;
  const inner = key.slice(place.base.length);
  const rule = ruleFor(RAW_RULES, inner);
  if (rule === undefined) return undefined;
  const parsed =
    rule.signal === undefined
      ? parseReceived(inner)
      : parseDropped(inner.slice(rule.inputPrefix.length), rule.signal, place);
  if (parsed === undefined || place.organizations === undefined) return parsed;
  return place.organizations.has(parsed.organization) ? parsed : undefined;
}

/** Whether a receiver wrote the object under `key`: such keys are written once. */
export function isReceived(key: string, places: Places): boolean {
  const place = places.of(key);
  return place !== undefined && key.startsWith(place.base + RAW_PREFIX);
}

function parseReceived(key: string): ParsedRawKey | undefined {
  const match = RAW_KEY.exec(key);
  if (match === null) return undefined;
  const [, organization, collector, signal, name] = match;
  if (!isOrganization(organization) || !COLLECTOR.test(collector) || !isSignal(signal)) return undefined;
  return { organization, collector, signal, arrivedMs: ulidTime(name.split('.')[0]) };
}

function parseDropped(path: string, signal: Signal, place: Place): ParsedRawKey | undefined {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part.startsWith('.'))) return undefined;
  const folder = parts[0].toLowerCase();
  const organization = parts.length > 1 && isOrganization(folder) ? folder : place.dropsBelongTo;
  return organization === undefined ? undefined : { organization, collector: DROP_COLLECTOR, signal };
}
