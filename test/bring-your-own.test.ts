import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  broughtBy,
  deployerPolicies,
  PARAMETER_NAMES,
  RESOURCE_ACTIONS,
  SECRET_NAMES,
  taskRole,
} from '../packages/deploy/src/index.ts';
import { REPOSITORY } from './support/runtime.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const GUIDE = read('docs/aws/bring-your-own.md');

const PLACE = {
  partition: 'aws',
  region: 'us-east-1',
  account: '123456789012',
  env: 'lakerunner',
  brought: broughtBy({}).brought,
  templateBucket: undefined,
};

interface Template {
  readonly Parameters?: Record<string, unknown>;
  readonly Resources: Record<
    string,
    { readonly Type: string; readonly Properties?: { readonly Name?: unknown } }
  >;
}

const templates = globSync('generated-templates/*.yaml', { cwd: REPOSITORY }).map(
  (path) => [path, parse(read(path)) as Template] as const,
);
const resources = templates.flatMap(([, { Resources }]) => Object.entries(Resources));

describe('the policy of who deploys', () => {
  test('knows every type of resource of the templates', () => {
    const types = new Set(resources.map(([, { Type }]) => Type));
    expect(types.size).toBeGreaterThan(5);
    expect([...types].filter((type) => !(type in RESOURCE_ACTIONS))).toEqual([]);
  });

  test('knows the names of all secrets and parameters that have none of their own', () => {
    const nameless = (type: string) =>
      resources
        .filter(([, { Type, Properties }]) => Type === type && Properties?.Name === undefined)
        .map(([id]) => id);
    const secrets: readonly string[] = SECRET_NAMES;
    const parameters: readonly string[] = PARAMETER_NAMES;
    expect(nameless('AWS::SecretsManager::Secret').filter((id) => !secrets.includes(id))).toEqual([]);
    expect(nameless('AWS::SSM::Parameter').filter((id) => !parameters.includes(id))).toEqual([]);
  });

  test('is published as it is (lakewright aws policy lakerunner deployer --part N)', () => {
    const policies = deployerPolicies(PLACE);
    const published = policies.map((_, index) =>
      JSON.parse(read(`docs/aws/deployer-policy-${index + 1}.json`)),
    );
    expect(published).toEqual(policies);
    for (const [index] of policies.entries()) expect(GUIDE).toContain(`(deployer-policy-${index + 1}.json)`);
  });
});

test('roles of tasks that an install makes may do to bucket and queue what a brought role must', () => {
  const services = templates.find(([path]) => path.endsWith('lakerunner-ecs-services.yaml'));
  if (services === undefined) return;
  const roles = Object.values(services[1].Resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
  const granted = JSON.stringify(roles).match(/(?<=")(s3|sqs):\w+(?=")/g) ?? [];
  const { policy } = taskRole(PLACE);
  const asked = JSON.stringify(policy).match(/(?<=")(s3|sqs):\w+(?=")/g) ?? [];
  expect([...new Set(granted)].sort()).toEqual([...new Set(asked)].sort());
});

describe('the guide', () => {
  const blocks = (language: string) =>
    [...GUIDE.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
      .filter(([, said]) => said === language)
      .map(([, , text]) => text);

  test('shows JSON that is JSON', () => {
    const documents = [
      ...blocks('json'),
      ...[...GUIDE.matchAll(/^cat > \S+\.json <<EOF\n([\s\S]*?)^EOF$/gm)].map(([, text]) => text),
    ];
    expect(documents.length).toBeGreaterThan(5);
    for (const document of documents) expect(() => JSON.parse(document.replaceAll('\\$', '$'))).not.toThrow();
  });

  test('names only parameters that there are', () => {
    const named = [...GUIDE.matchAll(/"ParameterKey": "(\w+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(() => broughtBy(Object.fromEntries(named.map((name) => [name, ''])))).not.toThrow();
    const root = templates.find(([path]) => path.endsWith('lakerunner-root.yaml'));
    if (root !== undefined) expect(named.filter((name) => !(name in (root[1].Parameters ?? {})))).toEqual([]);
  });
});
