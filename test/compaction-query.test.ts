import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, DEFAULT_ORGANIZATION, silentLogger, systemClock } from '@lakewright/core';
import {
  Catalog,
  cook,
  createThreadMerger,
  type Merger,
  ONE_PLACE,
  runCompaction,
  type SegmentIndex,
  SWEEP_SETTINGS,
  Sweeper,
} from '@lakewright/lake';
import { embeddedSql, FileObjectStore } from '@lakewright/local';
import { createDemo } from '@lakewright/otlp';
import { createSqlEngine, DEFAULT_SQL_LIMITS, localFiles } from '@lakewright/query';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from './support/wait.ts';

const REQUESTS = 20;
const RECORDS = 50;

describe('a query that is planned before its segments are merged', () => {
  let root: string;
  let close: (() => Promise<void>)[];
  let store: FileObjectStore;
  let catalog: Catalog;
  let merger: Merger;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lakewright-test-'));
    const sql = await embeddedSql(join(root, 'catalog'));
    store = await FileObjectStore.open(join(root, 'objects'));
    catalog = await Catalog.open(sql, systemClock);
    merger = createThreadMerger();
    close = [() => merger.close(), () => sql.close(), () => store.close()];
    await ingest();
  });
  afterEach(async () => {
    for (const each of close) await each();
    await rm(root, { recursive: true });
  });

  async function ingest(): Promise<void> {
    const demo = createDemo({ seed: 1, startNs: 1_760_000_000_000_000_000n, rate: 1000 });
    for (let i = 0; i < REQUESTS; i++) {
      const { body } = demo.logsRequest(RECORDS);
      const announced = await catalog.announce([
        {
          organization: DEFAULT_ORGANIZATION,
          collector: 'default',
          signal: 'logs',
          key: `otel-raw/${i}`,
          etag: 'e',
          size: body.length,
          arrivedNs: 1n,
        },
      ]);
      const inputs = announced.map((object) => ({ object, bytes: body }));
      const { segments } = cook({ organization: DEFAULT_ORGANIZATION, signal: 'logs', inputs });
      for (const { key, parquet } of segments) await store.put(key, parquet);
      await catalog.claim({
        owner: 'i',
        maxBytes: 1e9,
        maxObjects: 9,
        ripeBeforeMs: Date.now(),
        ripeBytes: 0,
      });
      await catalog.publish({
        owner: 'i',
        inputs: announced.map(({ id }) => ({ id, records: RECORDS, rejected: 0, reasons: [] })),
        segments: segments.map(({ parquet, ...segment }) => ({
          organization: DEFAULT_ORGANIZATION,
          ...segment,
          bytes: parquet.length,
        })),
      });
    }
  }

  const liveCount = async () =>
    (await catalog.segments({ organization: DEFAULT_ORGANIZATION, table: 'logs' })).length;

  async function mergeAll(): Promise<void> {
    const stop = new AbortController();
    const shared = {
      store,
      catalog,
      merger,
      clock: systemClock,
      logger: silentLogger,
      metrics: new Registry(),
    };
    const running = runCompaction(
      { ...shared, settings: { owner: 'c', intervalMs: 5, minInputs: 2 } },
      stop.signal,
    );
    await waitFor('one segment', async () => (await liveCount()) === 1);
    stop.abort();
    await running;
  }

  const sweepIn = (ms: number) => {
    const clock: Clock = { now: () => Date.now() + ms };
    const runningMs = () => 0;
    const sweeper = new Sweeper({
      store,
      catalog,
      clock,
      places: ONE_PLACE,
      runningMs,
      logger: silentLogger,
      settings: SWEEP_SETTINGS,
    });
    return sweeper.sweep();
  };

  /** The answer to a query during which, between its plan and its first file, `meanwhile` happens. */
  async function answerWhile(
    meanwhile: () => Promise<unknown>,
  ): Promise<{ rows: unknown[]; segments: number }> {
    const index: SegmentIndex = {
      async segments(query) {
        const segments = await catalog.segments(query);
        await meanwhile();
        return segments;
      },
    };
    const engine = createSqlEngine({
      index,
      files: localFiles(store),
      tempDirectory: join(root, 'spill'),
      logger: silentLogger,
      metrics: new Registry(),
    });
    try {
      const sql =
        'select count(*), count(distinct span_id), sum(hash(columns(*))::hugeint % 1000003) from logs';
      const result = await engine.query({ organization: DEFAULT_ORGANIZATION, sql });
      const rows: unknown[] = [];
      for await (const chunk of result.chunks())
        rows.push(...result.columns.map((_, i) => chunk.column(i)[0]));
      return { rows, segments: result.stats.segments };
    } finally {
      await engine.close();
    }
  }

  it('answers as before while they are merged, and swept within their grace', async () => {
    const before = await answerWhile(async () => undefined);
    expect(before.segments).toBe(REQUESTS);
    expect(before.rows[0]).toBe(BigInt(REQUESTS * RECORDS));
    const longestMs = (DEFAULT_SQL_LIMITS.maxQuerySeconds + DEFAULT_SQL_LIMITS.maxDeliverySeconds) * 1000;
    const during = await answerWhile(async () => {
      await mergeAll();
      expect(await sweepIn(longestMs)).toMatchObject({ retired: { count: 0 } });
    });
    expect(during).toEqual(before);
    await sweepIn(SWEEP_SETTINGS.graceMs + 60_000);
    expect(await answerWhile(async () => undefined)).toEqual({ rows: before.rows, segments: 1 });
  });

  it('fails, rather than answer without them, if they were taken from under it', async () => {
    const late = answerWhile(async () => {
      await mergeAll();
      expect((await sweepIn(SWEEP_SETTINGS.graceMs + 60_000)).retired.count).toBeGreaterThanOrEqual(REQUESTS);
    });
    await expect(late).rejects.toThrow(/its object is not in the store/);
  });
});
