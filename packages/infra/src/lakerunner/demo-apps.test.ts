import { expect, it } from 'vitest';
import {
  actionsOf,
  containersOf,
  exportsOf,
  resourceOf,
  secretArnOf,
  type Template,
} from '../../../../test/support/stack-template.ts';
import { CollectorStack } from './collector/stack.ts';
import { DemoAppsStack } from './demo-apps.ts';
import { ServicesStack } from './services/stack.ts';

const template = new DemoAppsStack().template() as unknown as Template;
const task = resourceOf(template, 'TaskDefSampleApp');

it('sends to the collector with the key of the install', () => {
  const [{ Command, Environment, Secrets = [] }] = containersOf(task);
  expect(Command).toEqual(['lakewright', 'demo', '--rate', '100']);
  const endpoint = Environment.find(({ Name }) => Name === 'OTEL_EXPORTER_OTLP_ENDPOINT');
  expect(JSON.stringify(endpoint)).toContain('OtelCollectorStackName}-InternalHttpEndpoint');
  expect(Secrets.map(({ Name }) => Name)).toEqual(['LAKEWRIGHT_API_KEY']);
  expect(JSON.stringify(secretArnOf(Secrets[0].ValueFrom))).toContain('-ApiKeySecretArn');
  const [own] = containersOf(task, ['HasApiKeySecret']);
  expect(secretArnOf(own.Secrets?.[0].ValueFrom ?? null)).toEqual({ Ref: 'ApiKeySecretArn' });
});

it('imports only what the services and the collector export', () => {
  const exported: Record<string, string[]> = {
    ServicesStackName: exportsOf(new ServicesStack().template() as unknown as Template),
    OtelCollectorStackName: exportsOf(new CollectorStack().template() as unknown as Template),
  };
  const imports = [...JSON.stringify(template).matchAll(/\$\{(\w+StackName)\}-(\w+)/g)];
  const others = imports.filter(([, stack]) => stack in exported);
  expect(others.length).toBeGreaterThan(1);
  for (const [, stack, name] of others) expect(exported[stack]).toContain(name);
});

it('may ask nothing of AWS', () => {
  expect(actionsOf(template, 'TaskRole').every((action) => action.startsWith('ssmmessages:'))).toBe(true);
  expect(exportsOf(template)).toEqual(['sample-app-ServiceArn']);
});
