import { ConfigError } from '@lakewright/core';
import { expect, test } from 'vitest';
import { otlpTarget } from './otlp-target.ts';

const HERE = 'http://127.0.0.1:4318';
const THERE = 'https://collector.internal:4318';

test.each<[string, Record<string, string>, string | undefined, string, Record<string, string>]>([
  ['nothing', {}, undefined, HERE, {}],
  ['empty variables', { OTEL_EXPORTER_OTLP_ENDPOINT: '', LAKEWRIGHT_API_KEY: '' }, undefined, HERE, {}],
  ["OpenTelemetry's endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: `${THERE}/` }, undefined, THERE, {}],
  ['an option before it', { OTEL_EXPORTER_OTLP_ENDPOINT: THERE }, HERE, HERE, {}],
  ['a key', { LAKEWRIGHT_API_KEY: 'k-1' }, undefined, HERE, { authorization: 'Bearer k-1' }],
  [
    'headers',
    { OTEL_EXPORTER_OTLP_HEADERS: ' X-CardinalHQ-Api-Key=a=b , authorization=Bearer%20k%2C1,' },
    ...([undefined, HERE, { 'x-cardinalhq-api-key': 'a=b', authorization: 'Bearer k,1' }] as const),
  ],
  [
    'a key before headers',
    { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=other', LAKEWRIGHT_API_KEY: 'k-1' },
    ...([undefined, HERE, { authorization: 'Bearer k-1' }] as const),
  ],
])('%s', (_what, env, option, endpoint, headers) => {
  expect(otlpTarget(env, option)).toEqual({ endpoint, headers });
});

test.each([
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318/hunter2' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:hunter2@collector' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'a b=hunter2' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%0d%0ab: c' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%zz' },
])('%o is refused, and its value not told', (env) => {
  const [name] = Object.keys(env);
  const give = () => otlpTarget(env);
  expect(give).toThrow(ConfigError);
  expect(give).toThrow(name);
  expect(give).not.toThrow('hunter2');
});
