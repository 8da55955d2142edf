import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  answerJson,
  type FakeServer,
  fakeServer,
  type Handler,
  lakewright,
  spawnLakewright,
} from '../test/harness.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function demo(handler: Handler, args: readonly string[] = [], env: Record<string, string> = {}) {
  server = await fakeServer(handler);
  const result = await lakewright(
    ['demo', '--duration', '300ms', '--rate', '1000', '--endpoint', server.url, '--json', ...args],
    env,
  );
  return { ...result, seen: server.seen, summary: JSON.parse(result.stdout || 'null') };
}

const ok: Handler = (_request, response) => response.end();
/** ExportLogsServiceResponse{partial_success{rejected_log_records: 5, error_message: "too deep"}}. */
const PARTIAL = Buffer.from([0x0a, 12, 0x08, 5, 0x12, 8, ...Buffer.from('too deep')]);

describe('demo', () => {
  it('sends exactly rate times duration over the three signals', async () => {
    const { code, summary, seen } = await demo(ok, ['--seed', '5']);
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      records: 300,
      acknowledged: 300,
      rejected: 0,
      lost: 0,
      retries: 0,
      seed: 5,
    });
    expect(new Set(seen.map(({ path }) => path))).toEqual(new Set(['/v1/logs', '/v1/traces', '/v1/metrics']));
    for (const request of seen) {
      expect(request.headers['content-type']).toBe('application/x-protobuf');
      expect(request.body.length).toBeGreaterThan(0);
    }
    expect(summary.bytes).toBe(seen.reduce((sum, { body }) => sum + body.length, 0));
  });

  it('tries again after the time that a 503 or 429 asks for', async () => {
    const { code, summary } = await demo((_request, response, number) => {
      if (number === 0) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (number === 2) response.writeHead(429, { 'retry-after': '0' }).end();
      else response.end();
    });
    expect(code).toBe(0);
    expect(summary).toMatchObject({ records: 300, acknowledged: 300, retries: 2 });
  });

  it('counts records that a partial success rejects and fails', async () => {
    const { code, summary } = await demo((_request, response, number) =>
      response.end(number === 0 ? PARTIAL : undefined),
    );
    expect(code).toBe(1);
    expect(summary).toMatchObject({ records: 300, acknowledged: 295, rejected: 5, reasons: ['too deep'] });
  });

  it('counts records that are refused as lost and fails', async () => {
    const { code, summary } = await demo((_request, response) => answerJson(response, {}, 401));
    expect(code).toBe(1);
    expect(summary).toMatchObject({ acknowledged: 0, lost: 300 });
    expect(summary.reasons.join()).toContain('LAKEWRIGHT_API_KEY');
  });

  it('sends the key of the environment', async () => {
    const { seen, stdout, stderr } = await demo(ok, [], { LAKEWRIGHT_API_KEY: 'secret-key-0123' });
    expect(seen[0].headers.authorization).toBe('Bearer secret-key-0123');
    expect(stdout + stderr).not.toContain('secret-key');
  });

  it('finds receiver and key as an exporter of OpenTelemetry does', async () => {
    server = await fakeServer(ok);
    const { code, stdout, stderr } = await lakewright(['demo', '--duration', '100ms'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-cardinalhq-api-key=secret-key-0123',
    });
    expect(code).toBe(0);
    expect(server.seen[0].headers['x-cardinalhq-api-key']).toBe('secret-key-0123');
    expect(stdout + stderr).not.toContain('secret-key');
  });

  it('runs until SIGTERM when no duration is given, and tries nothing again after it', async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    server = await fakeServer((_request, response, number) => {
      if (number > 5) resolve();
      if (number > 3) response.writeHead(503, { 'retry-after': '30' });
      response.end();
    });
    const child = spawnLakewright(['demo', '--endpoint', server.url]);
    await begun;
    const ended = once(child, 'close');
    const at = performance.now();
    child.kill('SIGTERM');
    const [code] = await ended;
    // Records were lost, and that is said; waiting half a minute for the receiver would be a SIGKILL.
    expect(code).toBe(1);
    expect(performance.now() - at).toBeLessThan(10_000);
  });

  it('tells a person what happened and what to type next', async () => {
    server = await fakeServer(ok);
    const { stdout } = await lakewright([
      'demo',
      '--duration',
      '100ms',
      '--rate',
      '1000',
      '--endpoint',
      server.url,
    ]);
    expect(stdout).toContain('sent 100 records');
    expect(stdout).toContain('acknowledged 100');
    expect(stdout).toContain('lakewright query sql');
  });
});
