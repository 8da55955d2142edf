import { LakeProcess, withDirectory } from '../test/support/lake-process.ts';
import { loadClient } from './load-client.ts';
import { requestOf } from './payloads.ts';
import { residentMb } from './process-memory.ts';
import { option, quantile, thousands } from './support.ts';

/**
 * Log records over HTTP protobuf with durable answers, the whole product in one process and the sender
 * beside it: `npm run bench -- receive [--seconds N] [--connections N] [--records N]`. Counts what was
 * acknowledged, waits until it is all queryable and checks the count.
 */
const seconds = option('seconds', 60);
const connections = option('connections', 6);
const records = option('records', 5_000);

await withDirectory(async (data) => {
  const bodies = Array.from({ length: 40 }, (_, i) => requestOf('demo-logs', records, i + 1));
  const lake = await LakeProcess.start({ data });
  const client = loadClient(lake.httpUrl, connections);
  const memory: number[] = [];
  const latencies: number[] = [];
  let acknowledged = 0;
  let refused = 0;
  let bytes = 0;
  let next = 0;
  const start = performance.now();
  const sampler = setInterval(() => memory.push(residentMb(lake.pid).now), 1000);
  const sender = async () => {
    while (performance.now() - start < seconds * 1000) {
      const body = bodies[next++ % bodies.length];
      const answer = await client.post('/v1/logs', body);
      if (answer.status === 200) {
        acknowledged += records;
        bytes += body.length;
        latencies.push(answer.milliseconds);
      } else if (answer.status === 429 || answer.status === 503) {
        refused++;
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else throw new Error(`${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  const sending = (performance.now() - start) / 1000;
  clearInterval(sampler);
  client.close();
  // The sender has stopped, so what is still under way tells how far ingest was behind.
  await lake.settled(120_000);
  const caughtUp = (performance.now() - start) / 1000;
  const stored = await lake.count('select count(*) from logs');
  const { tables } = await lake.get<{
    tables: { bytes: string | number; rows: string | number; segments: number }[];
  }>('/api/v1/status');
  const parquet = tables.reduce((sum, table) => sum + Number(table.bytes), 0);
  const segments = tables.reduce((sum, table) => sum + Number(table.segments), 0);
  const { peak } = residentMb(lake.pid);
  const third = (part: number) =>
    Math.max(...memory.slice((memory.length * part) / 3, (memory.length * (part + 1)) / 3));
  await lake.stop();
  process.stdout.write(
    [
      `acknowledged       ${thousands(acknowledged / sending)} records/s, ${(bytes / sending / 1e6).toFixed(1)} MB/s for ${sending.toFixed(1)} s (${thousands(acknowledged)} records, ${refused} refusals)`,
      `queryable          ${thousands(stored)} records, ${(caughtUp - sending).toFixed(2)} s after the last answer, ${segments} segments`,
      `answer latency     p50 ${quantile(latencies, 0.5).toFixed(0)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
      `stored             ${(parquet / stored).toFixed(1)} bytes/record of Parquet`,
      `resident memory    peak ${peak.toFixed(0)} MB; highest in each third of the run ${[0, 1, 2].map((part) => third(part).toFixed(0)).join(', ')} MB`,
      '',
    ].join('\n'),
  );
  if (stored !== acknowledged) throw new Error(`${stored} records stored, ${acknowledged} acknowledged`);
});
