import { ConfigError } from '@lakewright/core';
import { expect, test } from 'vitest';
import { gatewaySenders } from './gateway.ts';

const ORGANIZATION = '11111111-1111-4111-8111-111111111111';

test.each([
  [{}, {}],
  [{ LAKEWRIGHT_ORGANIZATION_ID: '', LAKEWRIGHT_COLLECTOR: '', OTEL_CONFIG_YAML: ' \n' }, {}],
  [{ LAKEWRIGHT_ORGANIZATION_ID: ORGANIZATION }, { organization: ORGANIZATION }],
  [{ LAKEWRIGHT_COLLECTOR: 'edge' }, { collector: 'edge' }],
])('%o', (env, senders) => {
  expect(gatewaySenders(env)).toEqual({ organization: undefined, collector: undefined, ...senders });
});

test.each(['CHQ_COLLECTOR_CONFIG_YAML', 'OTEL_CONFIG_YAML'])('%s is refused, not passed over', (name) => {
  const give = () => gatewaySenders({ [name]: 'exporters: { key: hunter2 }' });
  expect(give).toThrow(ConfigError);
  expect(give).toThrow(name);
  expect(give).not.toThrow('hunter2');
});
