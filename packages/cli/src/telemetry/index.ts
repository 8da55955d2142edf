import type { Logger, LogLevel } from '@lakewright/core';
import type { Registry } from 'prom-client';
import { telemetrySettings } from './settings.ts';

export interface TelemetryOptions {
  /** Where ENABLE_OTLP_TELEMETRY and OTEL_METRIC_EXPORT_INTERVAL stand; the exporters read process.env. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Unless OTEL_SERVICE_NAME says another: `lakewright-ingest-logs`. */
  readonly serviceName: string;
  readonly logger: Logger;
  /** The least important level that is exported. */
  readonly level: LogLevel;
  /** Its metrics are exported; how exporting goes is counted in it. */
  readonly metrics: Registry;
}

/** What a service tells of itself to others. */
export interface Telemetry {
  /** Says everything that the given one says, and exports it. */
  readonly logger: Logger;
  /** Sends what is left; gives up after `FLUSH_MS`. */
  close(): Promise<void>;
}

/**
 * Exports a service's own logs and metrics over OTLP when ENABLE_OTLP_TELEMETRY is true; otherwise does nothing and
 * loads nothing. A collector that is away or slow holds nothing up: records are dropped beyond a rate and a queue.
 * Throws ConfigError for variables that make no sense.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const settings = telemetrySettings(options.environment);
  if (settings === undefined) return { logger: options.logger, close: async () => undefined };
  const { startExporting } = await import('./exporting.ts');
  return startExporting(options, settings);
}
