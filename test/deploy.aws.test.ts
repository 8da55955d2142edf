import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployments, type KillPoint, killingProxy } from './support/deployment.ts';

/**
 * The templates that are shipped, deployed at moto. What moto cannot do is mended or stood in for in
 * support/moto/mended_stacks.py and beside it, each with its reason; what it cannot say at all is tested over a port in memory
 * (packages/deploy/src/engine): drift, replacements, properties of a change, failures inside nested stacks, and Rules,
 * which moto does not know and the evaluator of packages/deploy/src/template does.
 */
let aws: Deployments;
beforeAll(async () => {
  aws = await Deployments.start(0.01);
});
afterAll(() => aws?.stop());

interface Results {
  readonly stacks: { readonly key: string; readonly did: string; readonly outputs: Record<string, string> }[];
}

interface Status {
  readonly state: string;
  readonly stacks: { readonly key: string; readonly state: string }[];
}

interface Destroyed {
  readonly deleted: string[];
  readonly left: { readonly logicalId: string; readonly physicalId: string }[];
}

const deploy = async (...args: string[]) =>
  (await aws.json(0, 'deploy', 'lakerunner', '--yes', ...args)) as unknown as Results;
const status = async (code: number, ...args: string[]) =>
  (await aws.json(code, 'status', 'lakerunner', ...args)) as unknown as Status;
const destroy = async (...args: string[]) =>
  (await aws.json(0, 'destroy', 'lakerunner', '--yes', ...args)) as unknown as Destroyed;
const stateOf = ({ stacks }: Status, key: string) => stacks.find((stack) => stack.key === key)?.state;

describe('an install with a VPC of its own', () => {
  let before: Record<string, string[]>;

  it('is absent at first, and planning changes nothing', async () => {
    before = await aws.inventory();
    expect((await status(1)).state).toBe('absent');
    const plan = (await aws.json(0, 'plan', 'lakerunner', '--estimate')) as unknown as {
      readonly stacks: { action: string }[];
      readonly estimate: { readonly monthlyUsd: number; readonly lines: { readonly stack: string }[] };
    };
    expect(plan.stacks.map(({ action }) => action)).toEqual(Array(plan.stacks.length).fill('create'));
    expect(plan.estimate.monthlyUsd).toBeGreaterThan(100);
    expect(plan.estimate.lines.map(({ stack }) => stack)).toContain('lakerunner-ecs-services');
    expect((await aws.inventory('stacks')).stacks).toEqual([]);
  });

  it('refuses to deploy when nobody is there to ask, and does nothing', async () => {
    const { code, stderr } = await aws.lakewright('deploy', 'lakerunner');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect((await aws.inventory('stacks')).stacks).toEqual([]);
  });

  it('is partial when a part of it is deployed', async () => {
    await deploy('--only', 'vpc,common');
    const found = await status(1);
    expect(found.state).toBe('partial');
    expect(stateOf(found, 'common')).toBe('complete');
    expect(stateOf(found, 'services')).toBe('absent');
  });

  it('says so where one was rolled back, names the resource, and makes it anew', async () => {
    await aws.fail('TaskDefQueryApi');
    const failed = await aws.lakewright('deploy', 'lakerunner', '--yes');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /ended as ROLLBACK_COMPLETE. First TaskDefQueryApi \(AWS::ECS::TaskDefinition\) failed/,
    );
    expect(stateOf(await status(1), 'services')).toBe('not made');
    await aws.fail('');
    const { stacks } = await deploy('--with', 'grafana,collector,demo');
    expect(stacks.map(({ key, did }) => `${key} ${did}`)).toEqual([
      'vpc unchanged',
      'common unchanged',
      'setup unchanged',
      'services created',
      'grafana created',
      'collector created',
      'demo created',
    ]);
  });

  it('is complete then', async () => {
    expect((await status(0)).state).toBe('complete');
  });

  it('has no changes the second time, and asks nothing', async () => {
    const again = (await aws.json(0, 'deploy', 'lakerunner')) as unknown as Results;
    expect(again.stacks.map(({ did }) => did)).toEqual(Array(7).fill('unchanged'));
  });

  it('keeps values that are not named when another one is', async () => {
    await deploy('--only', 'services', '--set', 'OtelEndpoint=http://collector:4318');
    await deploy('--only', 'services', '--set', 'AlbSourceCidr=10.1.0.0/16');
    const { Parameters } = (await aws.aws(
      ...[
        'cloudformation',
        'describe-stacks',
        '--stack-name',
        'lakerunner-ecs-services',
        '--query',
        'Stacks[0]',
      ],
    )) as unknown as { Parameters: { ParameterKey: string; ParameterValue: string }[] };
    const values = Object.fromEntries(Parameters.map((said) => [said.ParameterKey, said.ParameterValue]));
    expect(values).toMatchObject({ OtelEndpoint: 'http://collector:4318', AlbSourceCidr: '10.1.0.0/16' });
  });

  it('moves images with update-images, and says of newer defaults what it keeps', async () => {
    const image = 'registry.example/lakewright:9';
    const args = ['update-images', 'lakerunner-ecs-services', 'services'];
    expect(await aws.json(0, ...args, '--image', image, '--yes')).toMatchObject({ did: 'updated' });
    expect(await aws.json(0, ...args, '--image', image)).toMatchObject({ did: 'unchanged' });
    const { stdout } = await aws.lakewright('plan', 'lakerunner', '--only', 'services');
    expect(stdout).toContain(`GoServicesImage stays at ${image}; the template's default is`);
  });

  it('leaves a stack of that name alone that somebody else made', async () => {
    await aws.aws(
      ...['cloudformation', 'create-stack', '--stack-name', 'other-common'],
      ...['--template-body', 'Resources: {Topic: {Type: "AWS::SNS::Topic"}}'],
    );
    for (const command of ['deploy', 'destroy']) {
      const { code, stderr } = await aws.lakewright(command, 'lakerunner', '--env', 'other', '--yes');
      expect(code).toBe(1);
      expect(stderr).toContain('other-common is there already, and it was not made by lakewright');
    }
    await aws.aws('cloudformation', 'delete-stack', '--stack-name', 'other-common');
  });

  it('goes without a trace but for what is kept, which is said', async () => {
    const [bucket] = (await aws.inventory('buckets')).buckets;
    await aws.aws('s3api', 'put-object', '--bucket', bucket, '--key', 'otel-raw/x');
    const { left } = await destroy('--delete-data');
    expect((await status(1)).state).toBe('absent');
    const after = await aws.inventory();
    const kept = new Set(left.map(({ physicalId }) => physicalId));
    for (const [kind, names] of Object.entries(after)) {
      expect(
        names.filter((name) => !before[kind].includes(name) && !kept.has(name)),
        kind,
      ).toEqual([]);
    }
    expect(left.map(({ logicalId }) => logicalId).sort()).toEqual(['Efs', 'LakerunnerDb']);
  });
});

describe('an install with what somebody brings', () => {
  type Made = Record<string, Record<string, string>>;
  const said = async (...args: string[]) => (await aws.aws(...args)) as unknown as Made;
  const settings: Record<string, Record<string, string>> = {};
  let vpc: string;

  beforeAll(async () => {
    const { stacks } = await deploy('--env', 'net', '--only', 'vpc');
    vpc = stacks[0].outputs.VpcId;
    await said('s3api', 'create-bucket', '--bucket', 'their-bucket');
    await said('s3api', 'put-object', '--bucket', 'their-bucket', '--key', 'theirs');
    await said('sqs', 'create-queue', '--queue-name', 'their-queue');
    const secret = await said(
      ...['secretsmanager', 'create-secret', '--name', 'their-database'],
      ...['--secret-string', '{"username":"u","password":"p"}'],
    );
    const cluster = await said('ecs', 'create-cluster', '--cluster-name', 'theirs');
    const group = await said(
      ...[
        'ec2',
        'create-security-group',
        '--group-name',
        'theirs',
        '--description',
        'theirs',
        '--vpc-id',
        vpc,
      ],
    );
    const role = await said(
      'iam',
      'create-role',
      '--role-name',
      'theirs',
      '--assume-role-policy-document',
      '{}',
    );
    Object.assign(settings, {
      bucket: {
        CreateS3Storage: 'No',
        ExistingBucketArn: 'arn:aws:s3:::their-bucket',
        ExistingQueueArn: 'arn:aws:sqs:us-east-1:123456789012:their-queue',
        ExistingQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/their-queue',
      },
      database: {
        CreateRDS: 'No',
        ExistingDatabaseEndpoint: 'db.example',
        ExistingDatabaseSecretArn: secret.ARN as unknown as string,
      },
      cluster: {
        CreateECSInfrastructure: 'No',
        ExistingClusterArn: cluster.cluster.clusterArn,
        ExistingSecurityGroupId: group.GroupId as unknown as string,
      },
      role: { TaskRoleArn: role.Role.Arn },
    });
  });

  it.each([
    [['bucket']],
    [['database']],
    [['cluster']],
    [['role']],
    [['bucket', 'database', 'cluster', 'role']],
  ])('brings %j: it is used, and still there afterwards', async (brought) => {
    const before = await aws.inventory();
    const values = Object.assign({}, ...brought.map((what) => settings[what])) as Record<string, string>;
    const set = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const args = ['--env', `with-${brought.length}-${brought[0]}`];
    const { stacks } = await deploy(...args, '--vpc', vpc, '--with', 'none', ...set);
    expect(stacks.map(({ key }) => key)).toEqual(['common', 'setup', 'services']);
    const [common, , services] = stacks;
    const { outputs } = common;
    expect(outputs.VpcId).toBe(vpc);
    if (brought.includes('bucket')) expect(outputs.BucketArn).toBe(values.ExistingBucketArn);
    if (brought.includes('database')) expect(outputs.DbSecretArn).toBe(values.ExistingDatabaseSecretArn);
    if (brought.includes('cluster')) expect(outputs.ClusterArn).toBe(values.ExistingClusterArn);
    if (brought.includes('role')) expect(services.outputs.TaskRoleArn).toBe(values.TaskRoleArn);
    const again = (await aws.json(
      0,
      'deploy',
      'lakerunner',
      ...args,
      '--with',
      'none',
    )) as unknown as Results;
    expect(again.stacks.map(({ did }) => did)).toEqual(Array(3).fill('unchanged'));
    const { left } = await destroy('--delete-data', ...args);
    const kept = new Set(left.map(({ physicalId }) => physicalId));
    const after = await aws.inventory();
    for (const [kind, names] of Object.entries(after)) {
      expect(
        names.filter((name) => !kept.has(name)),
        kind,
      ).toEqual(before[kind].filter((name) => !kept.has(name)));
    }
  });
});

describe('an install in one stack', () => {
  it('has its templates in a bucket, and otherwise the same life', async () => {
    const net = await deploy('--env', 'rooted', '--only', 'vpc');
    await aws.aws('s3api', 'create-bucket', '--bucket', 'templates');
    const before = await aws.inventory();
    const args = ['--env', 'rooted', '--layout', 'root'];
    const root = [...args, '--template-bucket', 'templates'];
    const { stacks } = await deploy(...root);
    expect(stacks.map(({ key, did }) => `${key} ${did}`)).toEqual(['vpc unchanged', 'root created']);
    expect(stacks[1].outputs.VPCId).toBe(net.stacks[0].outputs.VpcId);
    expect((await status(0, ...args)).state).toBe('complete');
    const again = (await aws.json(0, 'deploy', 'lakerunner', ...root)) as unknown as Results;
    expect(again.stacks.map(({ did }) => did)).toEqual(['unchanged', 'unchanged']);
    const { left } = await destroy('--only', 'root', '--delete-data', ...args);
    expect(left.map(({ logicalId }) => logicalId).sort()).toEqual(['Efs', 'LakerunnerDb']);
    const kept = new Set(left.map(({ physicalId }) => physicalId));
    for (const [kind, names] of Object.entries(await aws.inventory())) {
      expect(
        names.filter((name) => !kept.has(name)),
        kind,
      ).toEqual(before[kind]);
    }
  });
});

describe('an install that is killed', () => {
  const POINTS: KillPoint[] = [
    { action: 'CreateChangeSet', nth: 1, when: 'before' },
    { action: 'CreateChangeSet', nth: 1, when: 'after' },
    { action: 'DescribeChangeSet', nth: 1, when: 'after' },
    { action: 'ExecuteChangeSet', nth: 1, when: 'before' },
    { action: 'ExecuteChangeSet', nth: 1, when: 'after' },
    { action: 'DescribeStackEvents', nth: 8, when: 'after' },
    { action: 'ExecuteChangeSet', nth: 2, when: 'after' },
  ];
  const DELETIONS: KillPoint[] = [
    { action: 'DescribeStackEvents', nth: 1, when: 'before' },
    { action: 'DeleteStack', nth: 1, when: 'before' },
    { action: 'DeleteStack', nth: 1, when: 'after' },
    { action: 'DescribeStacks', nth: 12, when: 'after' },
    { action: 'DeleteStack', nth: 2, when: 'after' },
  ];
  const ENV = ['--env', 'killed'];

  async function killAt(proxy: Awaited<ReturnType<typeof killingProxy>>, point: KillPoint, args: string[]) {
    const { child, output } = aws.spawn(proxy.url, ...args);
    proxy.arm(point, () => child.kill('SIGKILL'));
    const [code, signal] = await once(child, 'close');
    expect({ code, signal }, `${JSON.stringify(point)}\n${output.stderr}`).toEqual({
      code: null,
      signal: 'SIGKILL',
    });
  }

  it('is deployed, and destroyed, by the same command again', async () => {
    const proxy = await killingProxy(aws.moto.url, 5);
    try {
      for (const point of POINTS) await killAt(proxy, point, ['deploy', 'lakerunner', '--yes', ...ENV]);
      await deploy(...ENV);
      expect((await status(0, ...ENV)).state).toBe('complete');
      for (const point of DELETIONS)
        await killAt(proxy, point, ['destroy', 'lakerunner', '--yes', '--delete-data', ...ENV]);
      await destroy('--delete-data', ...ENV);
      expect((await status(1, ...ENV)).state).toBe('absent');
    } finally {
      await proxy.stop();
    }
  });
});
