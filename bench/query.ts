import { createDemo } from '@lakewright/otlp';
import { LakeProcess, withDirectory } from '../test/support/lake-process.ts';
import { loadClient } from './load-client.ts';
import { residentMb } from './process-memory.ts';
import { median, option, quantile, thousands } from './support.ts';

/** SQL over an hour of the demo shop: `npm run bench -- query [--records N] [--runs N]`. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'count by service': 'select service_name, count(*) from logs group by 1 order by 2 desc',
  'substring in bodies': "select count(*) from logs where body like '%timeout%'",
  'errors per minute':
    'select time_bucket(interval 1 minute, timestamp) as minute, count(*) from logs where severity_number >= 17 group by 1 order by 1',
  'one service, last rows':
    "select timestamp, body from logs where service_name = 'checkout' order by timestamp desc limit 100",
  'group by an attribute':
    "select log_attributes['http.route'] as route, count(*) from logs group by 1 order by 2 desc limit 10",
  'span latency quantiles':
    'select service_name, quantile_cont(duration_nano, [0.5, 0.95, 0.99]) from traces group by 1',
  'one trace':
    "select span_name, duration_nano from traces where trace_id = (select min(trace_id) from traces where service_name = 'checkout')",
  'counter by minute':
    'select time_bucket(interval 1 minute, timestamp) as minute, metric_name, max(value) from sum group by 1, 2 order by 1',
};

await withDirectory(async (data) => {
  const records = option('records', 1_000_000);
  const lake = await LakeProcess.start({ data });
  const client = loadClient(lake.httpUrl, 4);
  const demo = createDemo({
    seed: 1,
    startNs: BigInt(Date.now() - 3_600_000) * 1_000_000n,
    rate: records / 3600,
  });
  for (let second = 0; second < 3600; second += 36) {
    const batches = demo.next(36_000);
    const answers = await Promise.all(batches.map(({ signal, body }) => client.post(`/v1/${signal}`, body)));
    const bad = answers.find(({ status }) => status !== 200);
    if (bad !== undefined) throw new Error(`${bad.status} ${bad.body}`);
  }
  client.close();
  await lake.settled(120_000);
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    const times: number[] = [];
    let rows = 0;
    for (let run = 0; run <= option('runs', 7); run++) {
      const start = performance.now();
      rows = (await lake.sql(sql)).rows.length;
      if (run > 0) times.push(performance.now() - start);
    }
    process.stdout.write(
      `${name.padEnd(24)} median ${median(times).toFixed(0).padStart(5)} ms  slowest ${quantile(times, 1).toFixed(0).padStart(5)} ms  ${rows} rows\n`,
    );
  }
  process.stdout.write(
    `over ${thousands(records)} records; peak memory ${residentMb(lake.pid).peak.toFixed(0)} MB\n`,
  );
  await lake.stop();
});
