import { ConfigError } from '@lakewright/core';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is exported, as the environment says it; where to, the exporters read there themselves. */
export interface TelemetrySettings {
  /** Milliseconds between two exports of metrics. */
  readonly metricIntervalMs: number;
}

const SWITCH = 'ENABLE_OTLP_TELEMETRY';
const INTERVAL = 'OTEL_METRIC_EXPORT_INTERVAL';
const PROTOCOLS = ['', '_LOGS', '_METRICS'].map((signal) => `OTEL_EXPORTER_OTLP${signal}_PROTOCOL`);
const ENDPOINTS = ['', '_LOGS', '_METRICS'].map((signal) => `OTEL_EXPORTER_OTLP${signal}_ENDPOINT`);

/** OpenTelemetry's own default. */
const DEFAULT_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 100;

/**
 * The settings, or undefined where nothing is to be exported. Throws ConfigError, naming the variable and never its
 * value where that may hold a secret, for what the exporters would only ignore.
 */
export function telemetrySettings(environment: Environment): TelemetrySettings | undefined {
  if (!isOn(environment[SWITCH])) return undefined;
  for (const name of PROTOCOLS) {
    const protocol = environment[name] || 'http/protobuf';
    if (protocol !== 'http/protobuf') {
      throw new ConfigError(`${name}: ${JSON.stringify(protocol)} is not spoken here`, {
        hint: 'leave it out, or say http/protobuf: collectors listen for that on port 4318',
      });
    }
  }
  for (const name of ENDPOINTS) {
    const endpoint = environment[name];
    if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
      throw new ConfigError(`${name} is not a URL`, { hint: 'write it like http://collector:4318' });
    }
  }
  return { metricIntervalMs: intervalOf(environment[INTERVAL]) };
}

function isOn(text: string | undefined): boolean {
  if (!text || /^(false|0|no|off)$/i.test(text)) return false;
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  throw new ConfigError(`${SWITCH}: ${JSON.stringify(text)} is neither true nor false`);
}

function intervalOf(text: string | undefined): number {
  if (!text) return DEFAULT_INTERVAL_MS;
  const ms = Number(text);
  if (/^\d+$/.test(text) && ms >= MIN_INTERVAL_MS && ms <= 86_400_000) return ms;
  throw new ConfigError(`${INTERVAL}: ${JSON.stringify(text)} is not a time in milliseconds`, {
    hint: `use a whole number from ${MIN_INTERVAL_MS} to 86400000`,
  });
}
