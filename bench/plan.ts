import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ORGANIZATION, type Sql, systemClock } from '@lakewright/core';
import { Catalog, PLAN_SETTINGS, TABLE_NAMES } from '@lakewright/lake';
import { embeddedSql, postgresSql } from '@lakewright/local';
import { postgresPrograms, startPostgres } from '../packages/local/test/postgres-server.ts';
import { option, quantile } from './support.ts';

/**
 * Planning over many live segments, embedded and on a PostgreSQL where its programs are installed:
 * `npm run bench -- plan [--segments N] [--runs N]`.
 */
const SEGMENTS = option('segments', 100_000);
const RUNS = option('runs', 300);
const DAYS = 30;
const DAY_NS = 86_400_000_000_000;
const END_NS = 20_400 * DAY_NS;
const SERVICES = 50;
/** Of each segment. */
const OWN_SERVICES = 8;

/** A few live segments for every stretch of time, as compaction leaves them, and as many retired ones. */
async function fill(sql: Sql): Promise<Catalog> {
  const catalog = await Catalog.open(sql, systemClock);
  await sql.query(
    `insert into segment (organization, table_name, segment_id, key, level, rows, bytes, min_time_ns,
       max_time_ns, services, published_at_ms, retired_at_ms)
     select $1, (array[${TABLE_NAMES.map((name) => `'${name}'`).join(', ')}])[1 + i % ${TABLE_NAMES.length}],
       md5(i::text), 'db/' || i, 2, 1000000, 20000000, start, start + ${(DAYS * DAY_NS * TABLE_NAMES.length) / SEGMENTS}::bigint,
       array(select 'service-' || (i * 7 + s * 6) % ${SERVICES} from generate_series(0, ${OWN_SERVICES - 1}) s),
       0, case when i % 11 = 0 then 1 end
     from (select i, (${END_NS}::bigint - ${DAYS * DAY_NS}::bigint
       + i::bigint * ${Math.floor((DAYS * DAY_NS) / (SEGMENTS * 1.1))}) as start
       from generate_series(0, ${Math.floor(SEGMENTS * 1.1) - 1}) i) as x`,
    [DEFAULT_ORGANIZATION],
  );
  await catalog.maintain();
  return catalog;
}

const QUESTIONS = [
  { what: 'the last hour', hours: 1, anywhere: false, service: false },
  { what: 'an hour', hours: 1, anywhere: true, service: false },
  { what: 'a day', hours: 24, anywhere: true, service: false },
  { what: 'a day of one service of fifty', hours: 24, anywhere: true, service: true },
  { what: '7 days', hours: 168, anywhere: true, service: false },
  { what: '7 days of one service of fifty', hours: 168, anywhere: true, service: true },
];

async function measure(name: string, sql: Sql): Promise<void> {
  const catalog = await fill(sql);
  const [{ live }] = await sql.query<{ live: bigint }>(
    'select count(*) as live from segment where retired_at_ms is null',
  );
  process.stdout.write(`${name}: ${live} live segments of ${TABLE_NAMES.length} tables over ${DAYS} days\n`);
  for (const { what, hours, anywhere, service } of QUESTIONS) {
    const times: number[] = [];
    let found = 0;
    for (let run = 0; run < RUNS + 10; run++) {
      const length = hours * 3600e9;
      const end = anywhere ? END_NS - Math.random() * (DAYS * DAY_NS - length) : END_NS;
      const start = performance.now();
      const segments = await catalog.segments({
        organization: DEFAULT_ORGANIZATION,
        table: TABLE_NAMES[run % TABLE_NAMES.length],
        startNs: BigInt(Math.floor(end - length)),
        endNs: BigInt(Math.floor(end)),
        services: service ? [`service-${run % SERVICES}`] : undefined,
      });
      if (run >= 10) times.push(performance.now() - start);
      found = segments.length;
    }
    const [p50, p95] = [0.5, 0.95].map((q) => quantile(times, q).toFixed(1).padStart(6));
    process.stdout.write(
      `  ${what.padEnd(32)} ${String(found).padStart(6)} segments  p50 ${p50} ms  p95 ${p95} ms\n`,
    );
  }
  const start = performance.now();
  await catalog.merges.groups({ bytes: PLAN_SETTINGS.targetBytes, rows: PLAN_SETTINGS.targetRows });
  process.stdout.write(`  what to merge next: ${(performance.now() - start).toFixed(1)} ms\n`);
}

const root = await mkdtemp(join(tmpdir(), 'lakewright-bench-'));
const embedded = await embeddedSql(join(root, 'catalog'));
await measure('embedded', embedded);
await embedded.close();
await rm(root, { recursive: true });
const programs = postgresPrograms();
if (programs === undefined) process.stdout.write('PostgreSQL: not measured, initdb is not installed\n');
else {
  const server = await startPostgres(programs);
  const sql = await postgresSql(server.url);
  await measure('PostgreSQL', sql);
  await sql.close();
  server.stop();
}
