import { ProtoWriter } from '@lakewright/otlp';
import { LakeProcess, withDirectory } from '../test/support/lake-process.ts';
import { loadClient } from './load-client.ts';
import { requestOf } from './payloads.ts';
import { option, quantile, thousands } from './support.ts';

/**
 * How long after its acknowledgement a record can be queried, at 10,000 log records a second:
 * `npm run bench -- fresh [--seconds N] [--rate N]`. Every 10 ms one request is sent; it ends with one
 * record that carries its number, and a query loop looks for those.
 */
const seconds = option('seconds', 30);
const rate = option('rate', 10_000);
const EVERY_MS = 10;
const MARKER_SERVICE = 'bench-marker';

function marker(number: number): Uint8Array {
  const writer = new ProtoWriter(256);
  writer.message(1, () => {
    writer.message(1, () =>
      writer.message(1, () => {
        writer.string(1, 'service.name');
        writer.message(2, () => writer.string(1, MARKER_SERVICE));
      }),
    );
    writer.message(2, () =>
      writer.message(2, () => {
        writer.fixed64(1, BigInt(Date.now()) * 1_000_000n);
        writer.fixed32(8, number);
      }),
    );
  });
  return writer.finish();
}

await withDirectory(async (data) => {
  const perRequest = Math.round((rate * EVERY_MS) / 1000);
  const bodies = Array.from({ length: 50 }, (_, i) => requestOf('demo-logs', perRequest - 1, i + 1));
  const lake = await LakeProcess.start({ data });
  const client = loadClient(lake.httpUrl, 64);
  const acknowledgedAt = new Map<number, number>();
  const delays: number[] = [];
  const total = (seconds * 1000) / EVERY_MS;
  const sends: Promise<void>[] = [];
  let sent = 0;
  let sending = true;
  const start = performance.now();

  const sendOne = async (number: number) => {
    const body = Buffer.concat([bodies[number % bodies.length], marker(number)]);
    const { status, body: text } = await client.post('/v1/logs', body);
    if (status !== 200) throw new Error(`${status} ${text}`);
    acknowledgedAt.set(number, performance.now());
  };
  const sender = async () => {
    while (sent < total) {
      const due = Math.min(total, Math.floor((performance.now() - start) / EVERY_MS));
      while (sent < due) sends.push(sendOne(sent++));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(sends);
    sending = false;
  };
  const seen = new Set<number>();
  const watcher = async () => {
    while (sending || seen.size < total) {
      const { rows } = await lake.sql(
        `select flags from logs where service_name = '${MARKER_SERVICE}' and timestamp >= now()::timestamp - interval 8 seconds`,
        { limit: 100_000, start: String(BigInt(Date.now() - 8_000) * 1_000_000n) },
      );
      const now = performance.now();
      for (const [flags] of rows) {
        const number = Number(flags);
        const acknowledged = acknowledgedAt.get(number);
        if (seen.has(number) || acknowledged === undefined) continue;
        seen.add(number);
        delays.push(now - acknowledged);
      }
      if (performance.now() - start > (seconds + 30) * 1000)
        throw new Error(`${total - seen.size} requests never showed`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all([sender(), watcher()]);
  client.close();
  await lake.stop();
  process.stdout.write(
    `acknowledged to queryable at ${thousands(rate)} records/s over ${seconds} s: p50 ${quantile(delays, 0.5).toFixed(0)} ms, ` +
      `p99 ${quantile(delays, 0.99).toFixed(0)} ms, longest ${Math.max(...delays).toFixed(0)} ms (${delays.length} requests; ` +
      `a query every 20 ms and its own time are in these figures)\n`,
  );
});
