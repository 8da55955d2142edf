import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { silentLogger, systemClock } from '@lakewright/core';
import { FileObjectStore } from '@lakewright/local';
import {
  connectQueryWorkers,
  createSqlEngine,
  listedWorkers,
  localFiles,
  type SqlEngine,
} from '@lakewright/query';
import { Registry } from 'prom-client';
import { startWorkerProcess } from '../packages/query/test/worker-process.ts';
import { KEY } from '../packages/query/test/workers.ts';
import { withDirectory } from '../test/support/lake-process.ts';
import { median, option, thousands } from './support.ts';

/**
 * SQL in one process and spread over two query workers on the same machine, whose cores they share:
 * `npm run bench -- workers [--segments N] [--rows N] [--runs N]`.
 */
const SEGMENTS = option('segments', 48);
const ROWS = option('rows', 100_000);
const RUNS = option('runs', 5);
const ORGANIZATION = '12340000-0000-4000-8000-000000000000';

const QUESTIONS: Readonly<Record<string, string>> = {
  count: 'select count(*) from logs',
  'count by service': 'select service_name, count(*) from logs group by 1 order by 2 desc',
  'substring in bodies': "select count(*) from logs where body like '%9999%'",
  'errors per minute':
    'select time_bucket(interval 1 minute, timestamp) as minute, count(*) from logs where severity_number >= 21 group by 1 order by 1',
  'one service, last rows':
    "select timestamp, body from logs where service_name = 'service-7' order by timestamp desc limit 100",
  'group by an attribute':
    "select log_attributes['http.route'] as route, count(*) from logs group by 1 order by 2 desc limit 10",
  'first rows': 'select * from logs limit 100',
};

await withDirectory(async (root) => {
  const segments = await makeSegments(root);
  const index = { segments: async () => segments };
  const store = await FileObjectStore.open(root, { logger: silentLogger });
  const addresses = await Promise.all(
    ['a', 'b'].map((name) => startWorkerProcess(root, { name: `worker-${name}` })),
  );
  const metrics = new Registry();
  const workers = connectQueryWorkers({
    source: listedWorkers(addresses.map(({ url }) => url).join(',')),
    key: KEY,
    clock: systemClock,
    logger: silentLogger,
    metrics,
  });
  const shared = { index, files: localFiles(store), logger: silentLogger };
  const alone = createSqlEngine({ ...shared, tempDirectory: join(root, 'alone'), metrics: new Registry() });
  const spread = createSqlEngine({
    ...shared,
    tempDirectory: join(root, 'spread'),
    metrics: new Registry(),
    workers,
  });
  process.stdout.write(`${SEGMENTS} segments of ${thousands(ROWS)} rows\n`);
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    const times = { alone: [] as number[], spread: [] as number[] };
    for (let run = 0; run <= RUNS; run++) {
      const [a, b] = [await timeOf(alone, sql), await timeOf(spread, sql)];
      if (run > 0) times.alone.push(a);
      if (run > 0) times.spread.push(b);
    }
    process.stdout.write(
      `${name.padEnd(24)} one process ${median(times.alone).toFixed(0).padStart(6)} ms   two workers ${median(times.spread).toFixed(0).padStart(6)} ms\n`,
    );
  }
  await workers.close();
  await Promise.all([
    alone.close(),
    spread.close(),
    store.close(),
    ...addresses.map((worker) => worker.stop()),
  ]);
});

async function timeOf(engine: SqlEngine, sql: string): Promise<number> {
  const result = await engine.query({ organization: ORGANIZATION, sql });
  await result.close();
  return result.stats.elapsedMs;
}

async function makeSegments(root: string) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await mkdir(join(root, 'db'));
  const segments = [];
  for (let n = 0; n < SEGMENTS; n++) {
    const key = `db/${n}.parquet`;
    await connection.run(
      `COPY (SELECT make_timestamptz((${n * ROWS} + i) * 1000) AS timestamp, (${n * ROWS} + i) * 1000000 AS time_unix_nano,
         'service-' || (i % 50) AS service_name, (i * 7 % 24 + 1)::INTEGER AS severity_number,
         'request ' || hash(i + ${n}) % 1000000 || ' answered in ' || i % 977 || ' ms' AS body,
         MAP {'http.route': '/route/' || i % 40, 'http.status_code': (200 + i % 5)::VARCHAR} AS log_attributes
       FROM range(${ROWS}) t(i) ORDER BY service_name, i)
       TO '${join(root, key)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)`,
    );
    segments.push({
      organization: ORGANIZATION,
      table: 'logs' as const,
      segmentId: String(n),
      key,
      rows: ROWS,
      bytes: ROWS * 20,
      minTimeNs: BigInt(n * ROWS) * 1_000_000n,
      maxTimeNs: BigInt((n + 1) * ROWS) * 1_000_000n,
    });
  }
  connection.closeSync();
  instance.closeSync();
  return segments;
}
