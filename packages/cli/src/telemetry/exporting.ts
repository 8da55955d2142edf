import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, TokenBucket } from '@lakewright/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Counter, type Registry } from 'prom-client';
import pkg from '../../package.json' with { type: 'json' };
import { ExportWatch } from './export-watch.ts';
import { exportingLogger } from './exporting-logger.ts';
import type { Telemetry, TelemetryOptions } from './index.ts';
import { metricData } from './metric-data.ts';
import type { TelemetrySettings } from './settings.ts';

/** How long the end of a service waits for what is left to be sent. */
const FLUSH_MS = 5_000;
/** How long one export may take, tries and all. */
const EXPORT_MS = 10_000;
/** Records that wait to be sent; more are dropped. */
const MAX_WAITING_RECORDS = 2_048;
/**
 * Records of one process that are exported: so many a second, and a burst. A lake that exports to itself logs what
 * becomes of its own exports: this is the bound on it.
 */
const RECORDS_PER_SECOND = 100;
const BURST_RECORDS = 1_000;
/** Letters of one attribute: a log is no place for more. */
const MAX_ATTRIBUTE_LENGTH = 8_192;

const SCOPE = { name: 'lakewright', version: pkg.version };

/** Exports until it is closed. */
export function startExporting(options: TelemetryOptions, settings: TelemetrySettings): Telemetry {
  const { logger, level, metrics } = options;
  const resource = resourceOf(options.serviceName);
  const counters = countersIn(metrics);
  const watching = (signal: string) =>
    new ExportWatch({
      logger: logger.with({ signal }),
      clock: systemClock,
      count: (outcome) => counters.exports.inc({ signal, outcome }),
    });
  const records = new LoggerProvider({
    resource,
    logRecordLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    processors: [
      new BatchLogRecordProcessor({
        exporter: watching('logs').over(new OTLPLogExporter({ timeoutMillis: EXPORT_MS })),
        maxQueueSize: MAX_WAITING_RECORDS,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: watching('metrics').over(new OTLPMetricExporter({ timeoutMillis: EXPORT_MS })),
        exportIntervalMillis: settings.metricIntervalMs,
        exportTimeoutMillis: Math.min(EXPORT_MS, settings.metricIntervalMs),
        metricProducers: [registryProducer(metrics, resource)],
      }),
    ],
  });
  return {
    logger: exportingLogger({
      logger,
      exported: records.getLogger(SCOPE.name, SCOPE.version),
      level,
      admit: admission(() => counters.dropped.inc()),
    }),
    async close() {
      const sent = Promise.allSettled([records.shutdown(), meters.shutdown()]);
      await Promise.race([sent, delay(FLUSH_MS, undefined, { ref: false })]);
    },
  };
}

/** Defaults of ours, under what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say. */
function resourceOf(serviceName: string): Resource {
  return resourceFromAttributes({
    'service.name': serviceName,
    'service.version': pkg.version,
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
  }).merge(detectResources({ detectors: [envDetector] }));
}

/** prom-client's registry as the SDK asks for it. */
function registryProducer(metrics: Registry, resource: Resource): MetricProducer {
  const startMs = Date.now() - process.uptime() * 1000;
  return {
    async collect() {
      const data = metricData(await metrics.getMetricsAsJSON(), { startMs, endMs: Date.now() });
      return {
        resourceMetrics: { resource, scopeMetrics: [{ scope: SCOPE, metrics: data }] },
        errors: [],
      };
    },
  };
}

function admission(onDropped: () => void): () => boolean {
  const bucket = new TokenBucket({ perSecond: RECORDS_PER_SECOND, burst: BURST_RECORDS, clock: systemClock });
  return () => {
    if (bucket.take(1) === 0) return true;
    onDropped();
    return false;
  };
}

function countersIn(registry: Registry) {
  return {
    exports: new Counter({
      name: 'lakewright_telemetry_exports_total',
      help: 'Requests with telemetry of this process itself, by signal and outcome',
      labelNames: ['signal', 'outcome'],
      registers: [registry],
    }),
    dropped: new Counter({
      name: 'lakewright_telemetry_dropped_log_records_total',
      help: 'Log records of this process that were not exported, being too many a second',
      registers: [registry],
    }),
  };
}
