import { ConfigError } from '@lakewright/core';
import type { Senders } from '@lakewright/otlp';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a collector in a container is told its configuration. */
const COLLECTOR_CONFIGURATIONS = ['CHQ_COLLECTOR_CONFIG_YAML', 'OTEL_CONFIG_YAML'];

/**
 * Whose requests the gateway takes: the keys of LAKEWRIGHT_ORGANIZATION_ID alone, and LAKEWRIGHT_COLLECTOR for senders
 * that name no collector. Throws ConfigError where a configuration for an OpenTelemetry Collector is given: the gateway
 * would pass over it in silence.
 */
export function gatewaySenders(env: Environment): Senders {
  const given = COLLECTOR_CONFIGURATIONS.find((name) => env[name]?.trim());
  if (given !== undefined) {
    throw new ConfigError(`${given} is set, and otel-gateway takes no configuration of a collector`, {
      hint: 'leave it empty; for processors and other receivers run an OpenTelemetry Collector that exports OTLP to otel-gateway',
    });
  }
  return {
    organization: env.LAKEWRIGHT_ORGANIZATION_ID || undefined,
    collector: env.LAKEWRIGHT_COLLECTOR || undefined,
  };
}
