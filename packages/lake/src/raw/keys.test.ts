import { BadInputError, DEFAULT_ORGANIZATION, ulidSource } from '@lakewright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ORGANIZATION, OTHER_ORGANIZATION } from '../../test/raw-objects.ts';
import type { Place } from '../places.ts';
import { describeRaw } from './describe.ts';
import { parseRawKey, rawKey } from './index.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ULID = ulidSource()(AT);

describe('keys', () => {
  test('of a received object', () => {
    const group = { organization: ORGANIZATION, collector: 'edge-1.a_B', signal: 'traces' } as const;
    const key = rawKey(group, ULID, AT);
    expect(key).toBe(`otel-raw/${ORGANIZATION}/edge-1.a_B/2026/01/02/03/04/traces_${ULID}.binpb.zst`);
    expect(parseRawKey(key)).toEqual({ ...group, arrivedMs: AT });
  });

  test.each([
    ['not-a-uuid', 'default'],
    [ORGANIZATION.toUpperCase().replace('1', 'A'), 'default'],
    [ORGANIZATION, ''],
    [ORGANIZATION, '.'],
    [ORGANIZATION, '..'],
    [ORGANIZATION, 'a/b'],
    [ORGANIZATION, 'a\0'],
    [ORGANIZATION, 'x'.repeat(65)],
  ])('organization %j and collector %j make none', (organization, collector) => {
    expect(() => rawKey({ organization, collector, signal: 'logs' }, ULID, AT)).toThrow(BadInputError);
  });

  const minute = '2026/01/02/03/04';
  test.each([
    [`otel-raw/${ORGANIZATION}/default/${minute}/logs_${ULID}.json.gz`, ORGANIZATION, 'default', 'logs', AT],
    [`otel-raw/${ORGANIZATION}/c/${minute}/metrics_12345.binpb`, ORGANIZATION, 'c', 'metrics', undefined],
    ['logs-raw/app.ndjson', DEFAULT_ORGANIZATION, 'files', 'logs', undefined],
    ['logs-raw/some/deep/folder/app.csv.gz', DEFAULT_ORGANIZATION, 'files', 'logs', undefined],
    [`logs-raw/${OTHER_ORGANIZATION}/app.csv`, OTHER_ORGANIZATION, 'files', 'logs', undefined],
    [`logs-raw/${OTHER_ORGANIZATION}/a/b.csv`, OTHER_ORGANIZATION, 'files', 'logs', undefined],
    [`logs-raw/x/${OTHER_ORGANIZATION}/b.csv`, DEFAULT_ORGANIZATION, 'files', 'logs', undefined],
    [`logs-raw/${OTHER_ORGANIZATION}`, DEFAULT_ORGANIZATION, 'files', 'logs', undefined],
    [
      'traces-raw/ABCDEF00-0000-4000-8000-00000000000F/t.binpb',
      'abcdef00-0000-4000-8000-00000000000f',
      'files',
      'traces',
      undefined,
    ],
    ['metrics-raw/m.json', DEFAULT_ORGANIZATION, 'files', 'metrics', undefined],
  ])('%s', (key, organization, collector, signal, arrivedMs) => {
    expect(parseRawKey(key)).toEqual({ organization, collector, signal, arrivedMs });
  });

  test.each([
    '',
    'otel-raw/',
    `otel-raw/${ORGANIZATION}/logs_${ULID}.binpb.zst`,
    `otel-raw/${ORGANIZATION}/default/${minute}/profiles_${ULID}.binpb.zst`,
    `otel-raw/${ORGANIZATION}/default/${minute}/logs.binpb.zst`,
    `otel-raw/nobody/default/${minute}/logs_${ULID}.binpb.zst`,
    `otel-raw/${ORGANIZATION}/../${minute}/logs_${ULID}.binpb.zst`,
    'logs-raw/',
    'logs-raw/.hidden',
    'logs-raw/.folder/file.csv',
    'logs-raw/folder/.file.csv.swp',
    'db/x/logs/20260101/00/a.parquet',
    'other/file.csv',
  ])('%j is no raw object', (key) => {
    expect(parseRawKey(key)).toBeUndefined();
  });

  test.each([
    'otel-raw/%/collector-7/logs_123.json.gz',
    'otel-raw/%/default/year=2026/month=01/day=02/logs_otlp.binpb',
  ])('what a collector of another make wrote is a raw object: %s', (layout) => {
    const key = layout.replace('%', ORGANIZATION);
    expect(parseRawKey(key)).toMatchObject({ organization: ORGANIZATION, signal: 'logs' });
  });

  describe('in a bucket of one organization', () => {
    const place: Place = {
      base: 's3://acme-raw/',
      organizations: new Set([ORGANIZATION]),
      dropsBelongTo: ORGANIZATION,
    };
    test.each([
      [`otel-raw/${ORGANIZATION}/default/logs_1.binpb`, ORGANIZATION],
      ['logs-raw/a.csv', ORGANIZATION],
      [`logs-raw/${ORGANIZATION}/a.csv`, ORGANIZATION],
      [`otel-raw/${OTHER_ORGANIZATION}/default/logs_1.binpb`, undefined],
      [`logs-raw/${OTHER_ORGANIZATION}/a.csv`, undefined],
      ['db/a.csv', undefined],
    ])('%s belongs to %s', (key, organization) => {
      expect(parseRawKey(`s3://acme-raw/${key}`, place)?.organization).toBe(organization);
      expect(parseRawKey(key, place)).toBeUndefined();
      expect(parseRawKey(`s3://acme-raw-2/${key}`, place)).toBeUndefined();
    });

    test("of several organizations, a file in nobody's folder is nobody's", () => {
      const shared = { ...place, dropsBelongTo: undefined };
      expect(parseRawKey('s3://acme-raw/logs-raw/a.csv', shared)).toBeUndefined();
    });
  });

  test('any text is parsed or refused, and never throws', () => {
    const start = fc.constantFrom('', 'otel-raw/', 'logs-raw/', 'metrics-raw/', `otel-raw/${ORGANIZATION}/`);
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary' }), (prefix, rest) => {
        const parsed = parseRawKey(prefix + rest);
        if (parsed !== undefined) expect(['logs', 'traces', 'metrics']).toContain(parsed.signal);
      }),
    );
  });
});

describe('what a listing found', () => {
  const info = (more: object) => ({ key: 'logs-raw/a.csv', etag: 'e', size: 1, lastModifiedMs: AT, ...more });

  test.each([
    [AT, BigInt(AT) * 1_000_000n],
    [AT + 0.75, BigInt(AT) * 1_000_000n],
    [-5, 0n],
    [Date.UTC(9999, 0), 9_223_372_036_854_000_000n],
  ])('arrived when it was changed: %d', (lastModifiedMs, arrivedNs) => {
    expect(describeRaw(info({ lastModifiedMs }))).toMatchObject({ arrivedNs, key: 'logs-raw/a.csv' });
  });

  test('a time in the key that does not fit becomes one that does', () => {
    const key = `otel-raw/${ORGANIZATION}/default/2026/01/02/03/04/logs_7${'Z'.repeat(25)}.binpb`;
    expect(describeRaw(info({ key }))).toMatchObject({ arrivedNs: 9_223_372_036_854_000_000n });
  });
});
