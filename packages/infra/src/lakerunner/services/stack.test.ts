import { describe, expect, it, test } from 'vitest';
import {
  actionsOf,
  type Container,
  containersOf,
  decided,
  exportsOf,
  openPorts,
  resourceOf,
  resourcesOf,
  statementsOf,
  type Template,
} from '../../../../../test/support/stack-template.ts';
import { serviceDefaults, stackDefaults } from '../../defaults.ts';
import { PORTS } from '../ports.ts';
import { titleOf } from '../titles.ts';
import { ServicesStack } from './stack.ts';

const template = new ServicesStack().template() as unknown as Template;
const SERVICES = [...stackDefaults().services.keys()].filter((name) => name.startsWith('lakerunner-'));
const THEIRS = ['Theirs', 'TheirApi', 'TheirWorker'];

const taskOf = (service: string) =>
  resourceOf(template, `TaskDef${titleOf(service).replace('Lakerunner', '')}`);
const serviceOf = (service: string) => resourceOf(template, `Service${titleOf(service)}`);

function container(service: string, holding: readonly string[] = []): Container {
  return containersOf(taskOf(service), holding)[0];
}

const variableOf = ({ Environment }: Container, name: string) =>
  Environment.find((variable) => variable.Name === name)?.Value;

describe('every service', () => {
  it('of the defaults is there, and no other', () => {
    expect(
      resourcesOf(template, 'AWS::ECS::Service')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(SERVICES.map((name) => `Service${titleOf(name)}`).sort());
  });

  test.each(SERVICES)('%s is as large, and as many, as the defaults say', (name) => {
    const { cpu, memoryMib, replicas } = serviceDefaults(stackDefaults(), name);
    expect(taskOf(name).Properties).toMatchObject({ Cpu: String(cpu), Memory: String(memoryMib) });
    expect(decided(serviceOf(name).Properties.DesiredCount, [])).toBe(replicas);
  });

  test.each(SERVICES)('%s in our image', (name) => {
    expect(container(name)).toMatchObject({
      Command: ['lakewright', 'service', name.replace('lakerunner-', '')],
      HealthCheck: { Command: ['CMD', 'lakewright', 'sysinfo', '--check'] },
      User: '1000',
      ReadonlyRootFilesystem: true,
    });
  });

  test.each([
    ['lakerunner-pubsub-sqs', ['/app/bin/lakerunner', 'pubsub', 'sqs'], 1],
    ['lakerunner-ingest-logs', ['/app/bin/lakerunner', 'ingest-logs'], 2],
    ['lakerunner-ingest-traces', undefined, 0],
    ['lakerunner-compact-traces', undefined, 0],
    ['lakerunner-sweeper', ['/app/bin/lakerunner', 'sweeper'], 1],
    ['lakerunner-query-api', undefined, 1],
    ['lakerunner-query-worker', undefined, 2],
  ])("%s in Lakerunner's image", (name, command, count) => {
    const { Command, User, ReadonlyRootFilesystem } = container(name, THEIRS);
    expect({ Command, User, ReadonlyRootFilesystem }).toEqual({
      Command: command,
      User: '0',
      ReadonlyRootFilesystem: false,
    });
    expect(decided(serviceOf(name).Properties.DesiredCount, THEIRS)).toBe(count);
  });

  test.each([
    ['lakerunner-ingest-logs', ['CMD', '/app/bin/lakerunner', 'sysinfo']],
    ['lakerunner-query-api', ['CMD', 'curl', '-f', 'http://localhost:7101/ready']],
  ])("%s is asked for its health in Lakerunner's image", (name, command) => {
    expect(container(name, THEIRS).HealthCheck?.Command).toEqual(command);
  });

  test.each(SERVICES)('%s asks the database over TLS, with the user of the secret', (name) => {
    const { Environment, Secrets } = container(name);
    expect(Environment).toContainEqual({ Name: 'LRDB_SSLMODE', Value: 'require' });
    expect(Secrets?.map(({ Name }) => Name)).toEqual(expect.arrayContaining(['LRDB_USER', 'LRDB_PASSWORD']));
  });

  test.each(SERVICES)('%s sends telemetry only to an endpoint, with no empty variable otherwise', (name) => {
    const names = container(name).Environment.map(({ Name }) => Name);
    expect(names).not.toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    expect(names).not.toContain('ENABLE_OTLP_TELEMETRY');
    const on = container(name, ['EnableOtlp']);
    expect(variableOf(on, 'OTEL_EXPORTER_OTLP_ENDPOINT')).toEqual({ Ref: 'OtelEndpoint' });
    expect(variableOf(on, 'ENABLE_OTLP_TELEMETRY')).toBe('true');
    expect(on.Environment.every(({ Value }) => Value !== undefined)).toBe(true);
  });

  test.each(SERVICES)('%s sends it with the headers of a secret, when there is one', (name) => {
    const headers = (holding: string[]) =>
      container(name, holding).Secrets?.find((secret) => secret.Name === 'OTEL_EXPORTER_OTLP_HEADERS');
    expect(headers([])).toBeUndefined();
    expect(headers(['Headers'])?.ValueFrom).toEqual({ Ref: 'OtelHeadersSecretArn' });
  });

  test.each(SERVICES)('%s is told by its ARN', (name) => {
    expect(template.Outputs[`Service${titleOf(name)}Arn`]).toEqual({
      Value: { Ref: `Service${titleOf(name)}` },
      Export: { Name: { 'Fn::Sub': `\${AWS::StackName}-${name}-ServiceArn` } },
    });
  });
});

describe('roles', () => {
  const EVERY = [
    ...['s3:GetObject', 's3:ListBucket'],
    ...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
      (action) => `ssmmessages:${action}`,
    ),
  ];
  const QUEUE = [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
  ];

  test.each([
    ['lakerunner-pubsub-sqs', QUEUE.map((action) => `sqs:${action}`)],
    ['lakerunner-ingest-logs', ['s3:AbortMultipartUpload', 's3:PutObject']],
    ['lakerunner-compact-traces', ['s3:AbortMultipartUpload', 's3:PutObject']],
    ['lakerunner-rollup-metrics', ['s3:AbortMultipartUpload', 's3:PutObject']],
    ['lakerunner-sweeper', ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:PutObject']],
    ['lakerunner-query-api', []],
    ['lakerunner-query-worker', []],
  ])('%s may what it does, and no more', (name, besides) => {
    const arn = decided(taskOf(name).Properties.TaskRoleArn, ['OwnRoles']);
    const [role] = (arn as { 'Fn::GetAtt': string[] })['Fn::GetAtt'];
    expect(actionsOf(template, role)).toEqual([...EVERY, ...besides].sort());
  });

  it('write and delete below known prefixes only', () => {
    const changes = ['s3:PutObject', 's3:DeleteObject'];
    const patterns = ['WriteTaskRole', 'SweepTaskRole'].map((role) =>
      statementsOf(template, role)
        .filter(({ Action }) => Action.some((action) => changes.includes(action)))
        .map((statement) => JSON.stringify(statement.Resource).match(/"(db|iceberg|\*-raw)\/\*"/g)),
    );
    expect(patterns).toEqual([
      [['"db/*"']],
      [
        ['"db/*"', '"iceberg/*"'],
        ['"db/*"', '"iceberg/*"', '"*-raw/*"'],
      ],
    ]);
  });

  test.each(SERVICES)('%s runs with the role of the customer when there is one', (name) => {
    expect(decided(taskOf(name).Properties.TaskRoleArn, [])).toEqual({ Ref: 'TaskRoleArn' });
  });

  it('that are ours are not made then, and nothing is put on one that is not', () => {
    for (const { id, Condition } of resourcesOf(template, 'AWS::IAM::Role')) {
      expect(Condition, id).toBe(id.endsWith('ExecutionRole') ? undefined : 'OwnRoles');
    }
    for (const { Properties } of resourcesOf(template, 'AWS::IAM::Policy')) {
      expect(JSON.stringify(Properties.Roles)).not.toContain('TaskRoleArn');
    }
  });

  it('have no policy without a statement, whatever the images are', () => {
    for (const { id } of resourcesOf(template, 'AWS::IAM::Role')) {
      for (const holding of [[], THEIRS]) {
        const { Policies = [] } = resourceOf(template, id).Properties;
        for (const { PolicyDocument } of Policies as { PolicyDocument: never }[]) {
          expect((decided(PolicyDocument, holding) as { Statement: unknown[] }).Statement).not.toEqual([]);
        }
      }
    }
  });

  it('start queries with the key of query workers, and nothing else with it', () => {
    const withKey = SERVICES.filter((name) =>
      container(name).Secrets?.some(({ Name }) => Name === 'TOKEN_HMAC256_KEY'),
    );
    expect(withKey).toEqual(['lakerunner-query-api', 'lakerunner-query-worker']);
    const reads = statementsOf(template, 'ExecutionRole').find(({ Action }) =>
      Action.includes('secretsmanager:GetSecretValue'),
    );
    expect(JSON.stringify(reads)).not.toContain('TokenSecret');
  });

  it('may look for workers with Lakerunner’s query API only', () => {
    expect(actionsOf(template, 'QueryTaskRole', ['LooksForWorkers'])).toContain('ecs:ListTasks');
  });
});

describe('queries', () => {
  it('reach the API at the load balancer from the source CIDR alone, and at the port of the tasks', () => {
    expect([...openPorts(template)]).toEqual([
      ['Alb7101Open', 7101],
      ['TaskFromAlb7101', 7101],
    ]);
    expect(resourceOf(template, 'Alb7101Open').Properties.CidrIp).toEqual({ Ref: 'AlbSourceCidr' });
    const { Properties } = resourceOf(template, 'Tg7101');
    expect(Properties).toMatchObject({ Port: 7101, HealthCheckPath: '/ready', TargetType: 'ip' });
    // Asked at the port that is open anyhow.
    expect(Properties.HealthCheckPort).toBeUndefined();
  });

  it('are encrypted with a certificate', () => {
    const { Properties } = resourceOf(template, 'Listener7101');
    expect(decided(Properties as never, ['HasCertificate'])).toMatchObject({
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: { Ref: 'CertificateArn' } }],
    });
    const plain = decided(Properties as never, []) as object;
    expect(plain).toMatchObject({ Protocol: 'HTTP' });
    expect(plain).not.toHaveProperty('Certificates');
  });

  it('are spread over workers under one name, at the port where they listen', () => {
    const name = JSON.stringify(variableOf(container('lakerunner-query-api'), 'QUERY_WORKER_SERVICE_NAME'));
    expect(name).toContain(`.lakewright.internal:${PORTS.queryWorker}`);
    const { Name } = resourceOf(template, 'WorkerDiscovery').Properties;
    expect(name).toContain(`"${Name}.`);
    const ports = (holding: string[]) =>
      container('lakerunner-query-worker', holding).PortMappings?.map(({ ContainerPort }) => ContainerPort);
    expect(ports([])).toEqual([PORTS.queryWorker]);
    expect(ports(THEIRS)).toEqual([7101]);
  });

  it('go to the public subnets for clients of the internet', () => {
    const { Subnets } = resourceOf(template, 'Alb').Properties;
    expect(JSON.stringify(decided(Subnets, ['IsInternetFacing']))).toContain('-PublicSubnets');
    expect(JSON.stringify(decided(Subnets, []))).toContain('-PrivateSubnets');
  });
});

test('what other stacks import is exported', () => {
  const exported = exportsOf(template);
  for (const name of [
    ...['AlbDNS', 'AlbArn', 'AlbSecurityGroupId', 'Tg7101Arn', 'QueryApiUrl', 'QueryApiInternalUrl'],
    ...['TaskRoleArn', 'ExecutionRoleArn'],
  ]) {
    expect(exported).toContain(name);
  }
});
