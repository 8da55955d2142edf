import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../../../../../test/support/runtime.ts';
import {
  actionsOf,
  containersOf,
  decided,
  exportsOf,
  openPorts,
  resourceOf,
  secretArnOf,
  type Template,
} from '../../../../../test/support/stack-template.ts';
import { templateOf } from '../../../test/template.ts';
import { CommonStack } from '../common/stack.ts';
import { GrafanaStack } from './stack.ts';

const FILES = fileURLToPath(new URL('../../../grafana', import.meta.url));
const template = new GrafanaStack().template() as unknown as Template;
const [init, grafana] = containersOf(resourceOf(template, 'TaskDefGrafana'));
const environment = Object.fromEntries(grafana.Environment.map(({ Name, Value }) => [Name, Value]));
const mountOf = ({ MountPoints }: typeof init, volume: string) =>
  MountPoints.find(({ SourceVolume }) => SourceVolume === volume)?.ContainerPath;

describe('the task', () => {
  it('starts Grafana after init ended well, behind its lock', () => {
    expect(grafana.DependsOn).toEqual([{ ContainerName: init.Name, Condition: 'SUCCESS' }]);
    expect(init.Command).toEqual(['sh', '/app/grafana/init.sh']);
    expect(grafana.EntryPoint).toEqual(['sh', `${mountOf(grafana, 'scratch')}/run.sh`]);
    expect(resourceOf(template, 'ServiceGrafana').Properties.DeploymentConfiguration).toMatchObject({
      MinimumHealthyPercent: 0,
      MaximumPercent: 100,
    });
  });

  it('shows Grafana what init writes', () => {
    const config = init.Environment.find(({ Name }) => Name === 'GRAFANA_CONFIG')?.Value;
    expect(config).toBe(mountOf(init, 'scratch'));
    const seen = mountOf(grafana, 'scratch');
    expect(environment.GF_PATHS_PROVISIONING).toBe(`${seen}/provisioning`);
    expect(environment.GRAFANA_DASHBOARDS).toBe(`${seen}/dashboards`);
  });

  it('keeps what is wiped below data/, in the directory that both have', () => {
    const home = mountOf(grafana, 'grafana');
    expect(mountOf(init, 'grafana')).toBe(home);
    expect(environment.GRAFANA_HOME).toBe(home);
    expect(init.Environment).toContainEqual({ Name: 'GRAFANA_HOME', Value: home });
    expect(environment.GF_PATHS_DATA).toBe(`${home}/data`);
    expect(environment.GF_PATHS_PLUGINS).toBe(`${home}/data/plugins`);
  });

  it('runs in the two subnets that have a mount target, however many private subnets there are', () => {
    const mounted = templateOf(new CommonStack()).Resources;
    const indices = ['EfsMt1', 'EfsMt2'].map((id) => mounted[id].Properties.SubnetId['Fn::Select'][0]);
    const { NetworkConfiguration } = templateOf(new GrafanaStack()).Resources.ServiceGrafana.Properties;
    const privateSubnets = { 'Fn::Sub': `\${CommonInfraStackName}-PrivateSubnets` };
    const all = { 'Fn::Split': [',', { 'Fn::ImportValue': privateSubnets }] };
    expect(NetworkConfiguration.AwsvpcConfiguration.Subnets).toEqual(
      indices.map((index: number) => ({ 'Fn::Select': [index, all] })),
    );
  });

  it('reaches the file system as Grafana’s user, encrypted, through its access point alone', () => {
    const { Volumes } = resourceOf(template, 'TaskDefGrafana').Properties;
    expect(Volumes).toContainEqual({
      Name: 'grafana',
      EFSVolumeConfiguration: expect.objectContaining({
        TransitEncryption: 'ENABLED',
        AuthorizationConfig: { AccessPointId: { Ref: 'EfsAccessPointGrafana' }, IAM: 'ENABLED' },
      }),
    });
    expect(resourceOf(template, 'EfsAccessPointGrafana').Properties.PosixUser).toEqual({
      Uid: '472',
      Gid: '472',
    });
    expect(actionsOf(template, 'TaskRole').filter((action) => !action.startsWith('ssmmessages:'))).toEqual([
      'elasticfilesystem:ClientMount',
      'elasticfilesystem:ClientWrite',
    ]);
  });

  test.each([
    [
      'the generated key',
      [],
      { 'Fn::ImportValue': { 'Fn::Sub': '$' + '{CommonInfraStackName}-ApiKeySecretArn' } },
    ],
    ['a key of the customer', ['HasApiKeySecret'], { Ref: 'GrafanaApiKeySecretArn' }],
  ])('asks with %s', (_what, holding, arn) => {
    const [, { Secrets = [] }] = containersOf(resourceOf(template, 'TaskDefGrafana'), holding);
    const key = Secrets.find(({ Name }) => Name === 'LAKEWRIGHT_API_KEY');
    expect(secretArnOf(key?.ValueFrom ?? null)).toEqual(arn);
    expect(JSON.stringify(key)).toContain(':api_key::');
  });

  it('has no secret in its environment', () => {
    expect(Object.keys(environment).filter((name) => /PASSWORD|KEY|TOKEN/.test(name))).toEqual([]);
  });
});

it('is on port 3000 of the load balancer, from the source CIDR', () => {
  expect([...openPorts(template)]).toEqual([
    ['Alb3000Open', 3000],
    ['TaskFromAlb3000', 3000],
  ]);
  expect(resourceOf(template, 'Listener3000').Properties).toMatchObject({ Port: 3000 });
  expect(resourceOf(template, 'Tg3000').Properties).toMatchObject({ HealthCheckPath: '/api/health' });
  expect(decided(resourceOf(template, 'Listener3000').Properties.Protocol, ['HasCertificate'])).toBe('HTTPS');
});

it('tells the secret of the administrator, and resets with nothing unless asked', () => {
  expect(exportsOf(template)).toEqual(['GrafanaAdminSecretArn', 'ServiceArn']);
  expect(template.Outputs.GrafanaUrl.Export).toBeUndefined();
  expect(template.Parameters.GrafanaResetToken).toMatchObject({ Type: 'String', Default: '' });
});

describe('the provisioning', () => {
  const sources = parse(readFileSync(join(FILES, 'provisioning/datasources/lake.yaml'), 'utf8'));

  it('has the stock data sources, at the query API, with the key', () => {
    const { datasources } = sources as { datasources: Record<string, never>[] };
    expect(datasources.map(({ type }) => type)).toEqual(['prometheus', 'loki', 'tempo']);
    for (const source of datasources) {
      expect(source).toMatchObject({
        access: 'proxy',
        url: '$' + '{QUERY_API_URL}',
        jsonData: { httpHeaderName1: 'Authorization' },
        secureJsonData: { httpHeaderValue1: 'Bearer $' + '{LAKEWRIGHT_API_KEY}' },
      });
    }
  });

  it('names only variables that Grafana is given', () => {
    const given = [...Object.keys(environment), ...(grafana.Secrets ?? []).map(({ Name }) => Name)];
    const files = globSync('provisioning/**/*.yaml', { cwd: FILES });
    expect(files).toHaveLength(2);
    for (const file of files) {
      const text = readFileSync(join(FILES, file), 'utf8').replace(/^#.*$/gm, '');
      for (const [, name] of text.matchAll(/(?<!\$)\$\{(\w+)\}/g)) expect(given, file).toContain(name);
    }
  });

  const dashboards = readdirSync(join(FILES, 'dashboards'));

  test.each(dashboards)('%s asks data sources that there are, and draws panels side by side', (file) => {
    const text = readFileSync(join(FILES, 'dashboards', file), 'utf8');
    const known = (sources.datasources as { uid: string; type: string }[]).map(
      ({ uid, type }) => `${type} ${uid}`,
    );
    const { panels, uid } = JSON.parse(text);
    expect(uid).toMatch(/^lake-/);
    for (const panel of panels) {
      for (const { datasource } of [panel, ...panel.targets]) {
        expect(known).toContain(`${datasource.type} ${datasource.uid}`);
      }
    }
    const places = panels.map(({ gridPos: { x, y } }: never) => `${x},${y}`);
    expect(new Set(places).size).toBe(panels.length);
    expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
  });

  it('draws metrics that the services have', () => {
    const code = globSync('packages/*/src/**/metrics.ts', { cwd: REPOSITORY })
      .concat(globSync('packages/{lake,query}/src/{iceberg/run,http/server}.ts', { cwd: REPOSITORY }))
      .map((file) => readFileSync(join(REPOSITORY, file), 'utf8'))
      .join('\n');
    const text = readFileSync(join(FILES, 'dashboards/lake.json'), 'utf8');
    const metrics = [...new Set(text.match(/lakewright_\w+/g))].map((name) => name.replace(/_bucket$/, ''));
    expect(metrics.length).toBeGreaterThan(5);
    for (const metric of metrics) expect(code, metric).toContain(`'${metric}'`);
  });
});
