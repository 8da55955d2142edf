import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@lakewright/core';
import { Catalog, ONE_PLACE, SWEEP_SETTINGS, Sweeper } from '@lakewright/lake';
import { embeddedSql, FileObjectStore } from '@lakewright/local';
import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { expectExactlyOnce, type Sent, sendUntil } from './support/load.ts';
import { lakewright } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
const SENDERS = 4;
const HOUR_MS = 3_600_000;

/** Merges as soon as there are two of a kind. */
const EAGER = 'lake:\n  compaction: { interval: 50ms, min_inputs: 2 }\n';
/** Never merges while a test lasts. */
const NEVER = 'lake:\n  compaction: { interval: 10h }\n';
/** Published snapshots keep files that are replaced. */
const UNPUBLISHED = '  iceberg: { enabled: false }\n';
/** Files of rollups would be counted with the others. */
const ALONE = `  rollups: { enabled: false }\n${UNPUBLISHED}`;

const TABLES = ['logs', 'traces', 'gauge', 'sum', 'histogram', 'exp_histogram', 'summary'];

/** Questions whose answers say whether any row or value is another one. */
const QUESTIONS = [
  ...TABLES.map((table) => `select count(*), sum(hash(columns(*))::hugeint % 1000000007) from ${table}`),
  'select service_name, count(*), min(timestamp), max(timestamp) from logs group by 1 order by 1',
  'select span_name, sum(duration_nano), count(distinct trace_id) from traces group by 1 order by 1',
  `select service_name, count(*) from logs where service_name = 'cart' and severity_number >= 17 group by 1`,
  'select metric_name, series_id, count(*), min(value), max(value) from sum group by all order by 1, 2',
  `select log_attributes, resource_attributes, body from logs order by time_unix_nano, span_id, body limit 50`,
  'select bucket_counts, explicit_bounds, exemplars from histogram order by time_unix_nano, series_id limit 50',
];

async function answers(lake: LakeProcess): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const question of QUESTIONS) {
    const { rows } = await lake.sql(question, { limit: 10_000 });
    found.push(rows);
  }
  return found;
}

async function startWith(data: string, config: string): Promise<LakeProcess> {
  await mkdir(data, { recursive: true });
  const file = join(data, '..', 'lakewright.yaml');
  await writeFile(file, config);
  return LakeProcess.start({ data, args: ['--config', file] });
}

interface Status {
  readonly tables: readonly { readonly table: string; readonly segments: number; readonly rows: number }[];
}

/** Those that are merged, or all: rollups are not merged. */
const segmentsOf = async (
  lake: LakeProcess,
  of: (table: string) => boolean = (table) => TABLES.includes(table),
) =>
  (await lake.get<Status>('/api/v1/status')).tables
    .filter(({ table }) => of(table))
    .reduce((sum, { segments }) => sum + segments, 0);

describe('compaction', () => {
  it('merges what the demo sent without changing one answer', { timeout: 180_000 }, async () => {
    await withDirectory(async (directory) => {
      const data = join(directory, 'data');
      const before = await startWith(data, NEVER + ALONE);
      const sent = await lakewright(
        ['demo', '--duration', '5s', '--rate', '2000', '--seed', '7', '--endpoint', before.httpUrl],
        {},
      );
      expect(sent.code).toBe(0);
      await before.settled();
      const expected = await answers(before);
      const many = await segmentsOf(before);
      // How many there are depends on how busy the machine is.
      expect(many).toBeGreaterThan(TABLES.length);
      expect(await before.stop()).toBe(0);

      const after = await startWith(data, EAGER + ALONE);
      await waitFor(
        'one segment of each table',
        async () => (await segmentsOf(after)) === TABLES.length,
        60_000,
      );
      expect(await answers(after)).toEqual(expected);
      const status = await after.cli('status');
      expect(status.stdout).toMatch(/logs +6,000 +1 /);
      const look = await after.cli('sweep', '--dry-run', '--json');
      expect(JSON.parse(look.stdout)).toMatchObject({
        dryRun: true,
        retired: { count: 0 },
        orphans: { count: 0 },
      });
      expect(JSON.parse(look.stdout).waiting.count).toBeGreaterThanOrEqual(many - TABLES.length);
      expect((await after.cli('sweep', '--dry-run')).stdout).toMatch(/retired segments wait until no query/);
      expect(await after.stop()).toBe(0);

      const removed = await sweepLater(data);
      expect(removed.retired.count).toBeGreaterThanOrEqual(many - TABLES.length);
      expect(await segmentFiles(data)).toHaveLength(TABLES.length);
      const swept = await startWith(data, NEVER + ALONE);
      expect(await answers(swept)).toEqual(expected);
      await swept.stop();
    });
  });

  it(`killed ${ROUNDS} times while it merges under load: every record is there exactly once, and left-overs are swept`, {
    timeout: 60_000 + ROUNDS * 60_000,
  }, async () => {
    await withDirectory(async (directory) => {
      const data = join(directory, 'data');
      const sent: Sent[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const lake = await startWith(data, EAGER + UNPUBLISHED);
        try {
          await expectExactlyOnce(lake, sent);
          sent.push(...(await loadMergeAndKill(lake, round)));
        } finally {
          await lake.kill();
        }
      }
      const lake = await startWith(data, EAGER + UNPUBLISHED);
      await expectExactlyOnce(lake, sent);
      await waitFor('few segments', async () => (await segmentsOf(lake)) <= 9, 60_000);
      await expectExactlyOnce(lake, sent);
      expect(await lake.stop()).toBe(0);

      await sweepLater(data);
      const swept = await startWith(data, NEVER + UNPUBLISHED);
      expect(await segmentFiles(data)).toHaveLength(await segmentsOf(swept, () => true));
      await expectExactlyOnce(swept, sent);
      await swept.stop();
    });
  });
});

/** Loads until some merges are done, then kills at any moment of the next ones. */
async function loadMergeAndKill(lake: LakeProcess, round: number): Promise<Sent[]> {
  let killed = false;
  const mine: Sent[] = [];
  const senders = Array.from({ length: SENDERS }, (_, sender) =>
    sendUntil(`${round}-${sender}`, lake, () => killed, mine),
  );
  await waitFor('a merge', async () => {
    const metrics = await (await fetch(`${lake.queryUrl}/metrics`)).text();
    return /lakewright_compact_merges_total\{[^}]*outcome="merged"\} [1-9]/.test(metrics);
  });
  const moment = Date.now() + Math.random() * 1500;
  await waitFor('the moment', () => Date.now() >= moment);
  await lake.kill();
  killed = true;
  await Promise.all(senders);
  return mine;
}

/** Sweeps a lake that is not running, as if an hour had gone by: twice, so that left-overs are seen twice. */
async function sweepLater(data: string) {
  const sql = await embeddedSql(join(data, 'catalog'));
  try {
    const clock = { now: () => Date.now() + 2 * HOUR_MS };
    const store = await FileObjectStore.open(join(data, 'objects'));
    let runningMs = 0;
    const sweeper = new Sweeper({
      store,
      catalog: await Catalog.open(sql, clock),
      clock,
      places: ONE_PLACE,
      runningMs: () => runningMs,
      logger: silentLogger,
      settings: SWEEP_SETTINGS,
    });
    const report = await sweeper.sweep();
    runningMs += SWEEP_SETTINGS.orphanConfirmMs;
    expect(await sweeper.sweep()).toMatchObject({ retired: { count: 0 }, foreign: { count: 0 }, failed: 0 });
    expect(await sweeper.sweep({ dryRun: true })).toMatchObject({
      orphans: { count: 0 },
      unconfirmed: { count: 0 },
    });
    await store.close();
    return report;
  } finally {
    await sql.close();
  }
}

async function segmentFiles(data: string): Promise<string[]> {
  const names = await readdir(join(data, 'objects', 'db'), { recursive: true });
  return names.filter((name) => name.endsWith('.parquet'));
}
