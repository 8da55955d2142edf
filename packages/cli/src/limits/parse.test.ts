import { ConfigError, DEFAULT_ORGANIZATION_LIMITS, limitMessage } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseLimits } from './parse.ts';

const ONE = '12340000-0000-4000-8000-000000000000';
const OTHER = '56780000-0000-4000-8000-000000000000';
const limitsOf = (yaml: string) =>
  parseLimits(parse(yaml) ?? {}, '/etc/lake/lakewright.yaml', 'lakewright.yaml');

describe('limits of lakewright.yaml', () => {
  it('are the defaults where nothing is said', () => {
    expect(limitsOf('').of(ONE)).toEqual(DEFAULT_ORGANIZATION_LIMITS);
  });

  it('are those of the organization, then the default ones', () => {
    const book = limitsOf(`
default: { ingest_bytes_per_second: 5 MiB, concurrent_queries: 2, scanned_bytes_per_query: 1GiB }
organizations:
  ${ONE}: { ingest: off, query: on, ingest_bytes_per_second: none, series_per_metric: 500, reason: "unpaid" }
`);
    expect(book.of(OTHER)).toEqual({
      ingest: true,
      query: true,
      ingestBytesPerSecond: 5 * 2 ** 20,
      concurrentQueries: 2,
      scannedBytesPerQuery: 2 ** 30,
      seriesPerMetric: 1_000_000,
    });
    expect(book.of(ONE)).toEqual({
      ...book.of(OTHER),
      ingest: false,
      ingestBytesPerSecond: undefined,
      seriesPerMetric: 500,
    });
    expect(limitMessage(book, ONE, 'ingest', 'it is off')).toBe(
      `ingest: it is off; set by limits.organizations.${ONE}.ingest of lakewright.yaml: unpaid`,
    );
    expect(limitMessage(book, OTHER, 'concurrentQueries', 'too many')).toBe(
      'concurrent_queries: too many; set by limits.default.concurrent_queries of lakewright.yaml',
    );
  });

  it.each([
    ['limits: 1', 'unknown field "limits"'],
    ['[]', 'limits is not a mapping'],
    ['default: []', 'limits.default is not a mapping'],
    ['organizations: []', 'limits.organizations is not a mapping'],
    ['organizations: { acme: {} }', '"acme"'],
    ['default: { ingest: maybe }', 'limits.default.ingest'],
    ['default: { concurrent_queries: 0 }', 'limits.default.concurrent_queries'],
    ['default: { concurrent_queries: 1.5 }', 'limits.default.concurrent_queries'],
    ['default: { concurrent_queries: 1 KiB }', 'limits.default.concurrent_queries'],
    ['default: { ingest_bytes_per_second: -1 }', 'limits.default.ingest_bytes_per_second'],
    ['default: { ingest_bytes_per_second: 5 MB }', 'limits.default.ingest_bytes_per_second'],
    ['default: { ingest_bytes_per_second: 99999999 TiB }', 'limits.default.ingest_bytes_per_second'],
    [`organizations: { ${ONE}: { series_per_metric: many } }`, `organizations.${ONE}.series_per_metric`],
    ['default: { reason: "a\\nb" }', 'limits.default.reason'],
    ['default: { reason: 5 }', 'limits.default.reason'],
    ['default: { max_everything: 5 }', 'max_everything'],
  ])('%s is refused by name', (yaml, words) => {
    expect(() => limitsOf(yaml)).toThrow(ConfigError);
    expect(() => limitsOf(yaml)).toThrow(words);
    expect(() => limitsOf(yaml)).toThrow('/etc/lake/lakewright.yaml');
  });
});
