import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import {
  actionsOf,
  containersOf,
  decided,
  exportsOf,
  openPorts,
  resourceOf,
  statementsOf,
  type Template,
} from '../../../../../test/support/stack-template.ts';
import { CollectorStack } from './stack.ts';

const template = new CollectorStack().template() as unknown as Template;
const gateway = (...holding: string[]) =>
  containersOf(resourceOf(template, 'TaskDefOtelGateway'), holding)[0];
const variable = (name: string, ...holding: string[]) =>
  gateway(...holding).Environment.find(({ Name }) => Name === name)?.Value;

const CONFIG = 'CHQ_COLLECTOR_CONFIG_YAML';

describe('ports', () => {
  test.each([
    ['our image', [], 8090],
    ["Lakerunner's collector", ['Lakerunner'], 13_133],
  ])(
    'of %s: OTLP from the source CIDR and from tasks, health from the load balancer',
    (_what, holding, health) => {
      const open = openPorts(template, holding);
      expect(Object.fromEntries(open)).toEqual({
        LoadBalancer4317Open: 4317,
        LoadBalancer4318Open: 4318,
        TaskFromLoadBalancer4317: 4317,
        TaskFromLoadBalancer4318: 4318,
        TaskFromLoadBalancerHealth: health,
        Task4317Self: 4317,
        Task4318Self: 4318,
      });
      for (const group of ['OtelGrpcTargetGroup', 'OtelHttpTargetGroup']) {
        const { Properties } = resourceOf(template, group);
        expect(Properties).toMatchObject({
          Protocol: 'TCP',
          HealthCheckProtocol: 'HTTP',
          HealthCheckPath: '/healthz',
        });
        expect(decided(Properties.HealthCheckPort, holding)).toBe(String(health));
      }
      for (const port of [4317, 4318]) {
        expect(resourceOf(template, `LoadBalancer${port}Open`).Properties.CidrIp).toEqual({
          Ref: 'SourceCidr',
        });
      }
    },
  );

  it('speak TLS with a certificate, and HTTP/2 for gRPC', () => {
    const { Properties } = resourceOf(template, 'GrpcListener');
    expect(decided(Properties as never, ['HasCertificate'])).toMatchObject({
      Protocol: 'TLS',
      AlpnPolicy: ['HTTP2Preferred'],
    });
    expect(decided(Properties as never, [])).toMatchObject({ Protocol: 'TCP' });
  });
});

describe('our image', () => {
  it('is bound to the organization and named', () => {
    expect(gateway().Command).toEqual(['lakewright', 'service', 'otel-gateway']);
    expect(variable('LAKEWRIGHT_ORGANIZATION_ID')).toEqual({ Ref: 'OrganizationId' });
    expect(variable('LAKEWRIGHT_COLLECTOR')).toEqual({ Ref: 'CollectorName' });
  });

  it('is given a configuration only to refuse it', () => {
    expect(variable(CONFIG)).toBeUndefined();
    expect(variable(CONFIG, 'HasCustomConfig', 'PassesConfig')).toEqual({ Ref: 'OtelConfigYaml' });
  });

  it('writes raw objects and nothing else', () => {
    const actions = actionsOf(template, 'TaskRole').filter((action) => action.startsWith('s3:'));
    expect(actions).toEqual(['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListBucket', 's3:PutObject']);
    const put = statementsOf(template, 'TaskRole').find(({ Action }) => Action.includes('s3:PutObject'));
    expect(JSON.stringify(put?.Resource)).toContain('"otel-raw/*"');
  });
});

describe("Lakerunner's collector", () => {
  it('writes all signals below the organization and the collector, as ingest reads them', () => {
    expect(gateway('Lakerunner').Command).toEqual(['/app/bin/run-with-env-config']);
    const config = parse(variable(CONFIG, 'Lakerunner', 'PassesConfig') as string);
    expect(Object.keys(config.service.pipelines)).toEqual(['logs', 'metrics', 'traces']);
    const { s3uploader, marshaler } = config.exporters.awss3;
    expect(marshaler).toBe('otlp_proto');
    expect(s3uploader.s3_prefix).toBe('otel-raw/$' + '{env:ORGANIZATION_ID}/$' + '{env:COLLECTOR_NAME}');
    const named = [...JSON.stringify(config).matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name);
    const given = gateway('Lakerunner').Environment.map(({ Name }) => Name);
    // ECS gives every task its region.
    for (const name of named) expect([...given, 'AWS_REGION']).toContain(name);
    expect(config.extensions.health_check).toEqual({ endpoint: '0.0.0.0:13133', path: '/healthz' });
  });

  it('runs what the customer says', () => {
    const holding = ['Lakerunner', 'HasCustomConfig', 'PassesConfig'];
    expect(variable(CONFIG, ...holding)).toEqual({ Ref: 'OtelConfigYaml' });
  });
});

it('makes the header with which the services of the install send', () => {
  const secret = JSON.stringify(resourceOf(template, 'OtelHeadersSecret').Properties.SecretString);
  expect(secret).toContain(
    'authorization=Bearer%20{{resolve:secretsmanager:$' + '{Arn}:SecretString:api_key}}',
  );
  expect(secret).toContain('-ApiKeySecretArn');
});

it('exports its addresses', () => {
  expect(exportsOf(template)).toEqual([
    ...['LoadBalancerDNS', 'GrpcEndpoint', 'HttpEndpoint', 'InternalHttpEndpoint', 'OtelHeadersSecretArn'],
    'ServiceArn',
  ]);
});
