import { ConfigError, messageOf } from '@lakewright/core';
import { httpUrl } from './arguments.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where telemetry is sent, and what every request says. */
export interface OtlpTarget {
  /** OTLP/HTTP base address; `/v1/{signal}` is added. */
  readonly endpoint: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318';
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';

/**
 * The target that the environment names as OpenTelemetry's exporters read it: OTEL_EXPORTER_OTLP_ENDPOINT and
 * OTEL_EXPORTER_OTLP_HEADERS. `endpoint` and the key in LAKEWRIGHT_API_KEY go before them. Throws ConfigError naming
 * the variable, and never its value, since that may hold a key.
 */
export function otlpTarget(env: Environment, endpoint?: string): OtlpTarget {
  const headers = headersOf(env[HEADERS] ?? '');
  if (env.LAKEWRIGHT_API_KEY) headers.authorization = `Bearer ${env.LAKEWRIGHT_API_KEY}`;
  return { endpoint: endpoint ?? endpointOf(env), headers };
}

function endpointOf(env: Environment): string {
  const text = env[ENDPOINT];
  if (!text) return DEFAULT_ENDPOINT;
  try {
    return httpUrl(text);
  } catch (error) {
    throw new ConfigError(`${ENDPOINT} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** `name=value,name=value`, values percent-encoded, as the OTLP exporter's specification has it. */
function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const [name, ...rest] = pair.split('=');
    const value = decoded(rest.join('=').trim());
    // What the fetch API refuses it would quote in its error.
    if (
      rest.length === 0 ||
      !/^[!#$%&'*+.^_`|~\w-]+$/.test(name.trim()) ||
      !/^[\x20-\x7e]*$/.test(value ?? '\n')
    ) {
      throw new ConfigError(`${HEADERS} is not a list of name=value`, {
        hint: 'write it like authorization=Bearer%20KEY, entries separated by commas, values percent-encoded',
      });
    }
    headers[name.trim().toLowerCase()] = value ?? '';
  }
  return headers;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
