import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, LakeProcess, type Row } from './support/lake-process.ts';
import { type ExpectedRow, expectedLog, expectedPoints, expectedSpan } from './support/sdk-expected.ts';
import { type Exported, sendLogs, sendMetrics, sendTraces } from './support/sdk-send.ts';
import { waitFor } from './support/wait.ts';

const TRANSPORTS = {
  'HTTP protobuf': {
    logs: () => new ProtoLogs({ url: `${lake.httpUrl}/v1/logs` }),
    traces: () => new ProtoTraces({ url: `${lake.httpUrl}/v1/traces` }),
    metrics: () => new ProtoMetrics({ url: `${lake.httpUrl}/v1/metrics` }),
  },
  'HTTP JSON': {
    logs: () => new JsonLogs({ url: `${lake.httpUrl}/v1/logs` }),
    traces: () => new JsonTraces({ url: `${lake.httpUrl}/v1/traces` }),
    metrics: () => new JsonMetrics({ url: `${lake.httpUrl}/v1/metrics` }),
  },
  gRPC: {
    logs: () => new GrpcLogs({ url: lake.grpcUrl }),
    traces: () => new GrpcTraces({ url: lake.grpcUrl }),
    metrics: () => new GrpcMetrics({ url: lake.grpcUrl }),
  },
};

/** Columns that are made of others, and hashes. */
const DERIVED = [
  'observed_timestamp',
  'end_time_unix_nano',
  'end_timestamp',
  'start_timestamp',
  'stream_id',
  'series_id',
];
const JSON_COLUMNS = ['events', 'links', 'exemplars', 'metric_metadata'];

let lake: LakeProcess;
let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'lakewright-test-'));
  lake = await LakeProcess.start({ data });
});
afterAll(async () => {
  await lake.stop();
  await rm(data, { recursive: true, force: true });
});

describe.each(Object.entries(TRANSPORTS))('the OpenTelemetry SDK over %s', (name, exporters) => {
  const service = name.replaceAll(' ', '-').toLowerCase();
  const resource = resourceFromAttributes(
    {
      'service.name': service,
      'service.namespace': 'acceptance',
      'service.instance.id': 'one',
      'process.pid': 4242,
      'host.ratio': 0.75,
      'process.command_args': ['node', 'main.js'],
      'feature.on': true,
    },
    { schemaUrl: 'https://example.com/resource' },
  );

  it('reads back every field of log records', async () => {
    const exported = await sendLogs(exporters.logs(), resource);
    await expectRows('logs', service, flat(exported).map(expectedLog));
  });

  it('reads back every field of spans', async () => {
    const exported = await sendTraces(exporters.traces(), resource);
    await expectRows('traces', service, flat(exported).map(expectedSpan));
  });

  it('reads back every field of data points', async () => {
    const { items, failures } = await sendMetrics(exporters.metrics(), resource);
    expect(failures).toEqual([]);
    const points = items.flatMap(expectedPoints);
    for (const table of ['gauge', 'sum', 'histogram', 'exp_histogram']) {
      const rows = points.filter((point) => point.table === table).map(({ row }) => row);
      expect(rows.length).toBeGreaterThan(0);
      await expectRows(table, service, rows);
    }
  });
});

function flat<T>({ items, failures }: Exported<T[]>): T[] {
  expect(failures).toEqual([]);
  return items.flat();
}

async function expectRows(table: string, service: string, expected: readonly ExpectedRow[]): Promise<void> {
  const question = `select * from ${table} where service_name = '${service}'`;
  const rows = await waitFor(`${expected.length} rows in ${table}`, async () => {
    const found = await lake.rows(question);
    return found.length >= expected.length ? found : undefined;
  });
  expect(rows.map(comparable).sort(byText)).toEqual([...expected].map(sortedKeys).sort(byText));
}

/** A row without its derived columns, with its JSON columns parsed. */
function comparable(row: Row): Row {
  const entries = Object.entries(row)
    .filter(([column]) => !DERIVED.includes(column))
    .map(([column, cell]): [string, Cell] => [
      column,
      JSON_COLUMNS.includes(column) && typeof cell === 'string' ? exactJson(cell) : cell,
    ]);
  return sortedKeys(Object.fromEntries(entries));
}

/** JSON with integers past 2^53 as text, as the query API writes them. */
function exactJson(text: string): Cell {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? context?.source
      : value,
  ) as Cell;
}

function sortedKeys(row: ExpectedRow): Row {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function byText(a: Row, b: Row): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
