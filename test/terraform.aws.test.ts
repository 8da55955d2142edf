import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Moto, startMoto } from './support/moto.ts';
import { mendMoto } from './support/moto-mended.ts';
import { copyTerraform, type TerraformCopy } from './support/terraform.ts';

const run = promisify(execFile);

const ROOTS = ['.', 'registry'];
const MODULES = ['names', 'rules', 'ecr', 'data-repository', 'refiner'].map((name) => `modules/${name}`);

// The provider waits 25 s after each change of a queue: the more of them wait together, the better.
const CHANGE = ['-auto-approve', '-input=false', '-no-color', '-parallelism=60'];

/** Two rule sets, the second with all that a first user does not have. */
const VARIABLES = {
  release_tag: 'v1.0.0',
  bucket_name: 'two-rule-sets',
  refiners: {
    Refiner: {},
    'Lab-Reports': {
      input_prefix: 'labs/in/',
      output_prefix: 'labs/out/',
      complete_prefix: 'labs/done/',
      batch_size: 50,
      timeout: 60,
      architecture: 'x86_64',
      environment: { LOG_LEVEL: 'debug' },
      vpc: { subnet_ids: ['subnet-12345678'], security_group_ids: ['sg-12345678'] },
    },
  },
};

// Both at once: the provider spends most of the second one waiting.
describe.concurrent('the Terraform code', () => {
  let terraform: TerraformCopy;
  beforeAll(async () => {
    terraform = await copyTerraform();
  });
  afterAll(() => terraform.remove());

  it('is formatted', async () => {
    await terraform.must('.', ['fmt', '-check', '-recursive', '-diff']);
  });

  it.each([...ROOTS, ...MODULES])('%s is valid and passes its tests', async (folder) => {
    await terraform.must(folder, ['init', '-backend=false', '-input=false', '-no-color']);
    await terraform.must(folder, ['validate', '-no-color']);
    const { stdout } = await terraform.must(folder, ['test', '-no-color']);
    expect(stdout).toMatch(/^Success! [1-9]\d* passed, 0 failed\./m);
  });
});

describe.concurrent('the pipeline with two rule sets', () => {
  let terraform: TerraformCopy;
  let moto: Moto;
  let mended: Awaited<ReturnType<typeof mendMoto>>;
  let env: Record<string, string>;

  beforeAll(async () => {
    terraform = await copyTerraform();
    // moto knows AWS's own IAM policies only when it is asked to.
    vi.stubEnv('MOTO_IAM_LOAD_MANAGED_POLICIES', 'true');
    moto = await startMoto();
    vi.unstubAllEnvs();
    mended = await mendMoto(moto.url);
    env = { ...moto.env, AWS_ENDPOINT_URL: mended.url };
    await writeFile(join(terraform.path, 'test.auto.tfvars.json'), JSON.stringify(VARIABLES));
    await writeFile(
      join(terraform.path, 'registry/test.auto.tfvars.json'),
      JSON.stringify({ refiners: VARIABLES.refiners }),
    );
    for (const root of ROOTS) {
      // The state stays on this machine: the only thing that differs from what a user runs.
      await writeFile(
        join(terraform.path, root, 'backend_override.tf'),
        'terraform {\n  backend "local" {}\n}\n',
      );
      await terraform.must(root, ['init', '-reconfigure', '-input=false', '-no-color'], env);
    }
  });
  afterAll(async () => {
    await mended?.stop();
    await moto?.stop();
    await terraform?.remove();
  });

  const aws = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run('aws', ['--endpoint-url', mended.url, ...args, '--output', 'json'], {
      env: { ...process.env, ...env },
    });
    return JSON.parse(stdout || '[]') as string[];
  };

  /** The names of everything in the account that could be left behind. */
  const everything = async () => ({
    buckets: await aws('s3api', 'list-buckets', '--query', 'Buckets[].Name'),
    buses: await aws('events', 'list-event-buses', '--query', 'EventBuses[].Name'),
    rules: await aws('events', 'list-rules', '--query', 'Rules[].Name'),
    archives: await aws('events', 'list-archives', '--query', 'Archives[].ArchiveName'),
    queues: (await aws('sqs', 'list-queues', '--query', 'QueueUrls || `[]`')).map((url) =>
      url.split('/').at(-1),
    ),
    functions: await aws('lambda', 'list-functions', '--query', 'Functions[].FunctionName'),
    mappings: await aws('lambda', 'list-event-source-mappings', '--query', 'EventSourceMappings[].UUID'),
    roles: await aws('iam', 'list-roles', '--query', 'Roles[].RoleName'),
    logs: await aws('logs', 'describe-log-groups', '--query', 'logGroups[].logGroupName'),
    alarms: await aws('cloudwatch', 'describe-alarms', '--query', 'MetricAlarms[].AlarmName'),
    repositories: await aws('ecr', 'describe-repositories', '--query', 'repositories[].repositoryName'),
  });

  it('is planned, made after its repositories, stays as it is, and goes without a trace', async () => {
    const example = join(terraform.path, 'terraform.tfvars.example');
    for (const root of ROOTS) {
      const planned = await terraform.must(
        root,
        ['plan', `-var-file=${example}`, '-input=false', '-no-color'],
        env,
      );
      expect(planned.stdout).toMatch(/^Plan: [1-9]\d* to add, 0 to change, 0 to destroy\./m);
    }

    for (const root of ['registry', '.']) {
      await terraform.must(root, ['apply', ...CHANGE], env);
    }
    const made = await everything();
    expect(made.functions.sort()).toEqual(['dibbs-ecr-lab-reports-lambda', 'dibbs-ecr-refiner-lambda']);
    expect(made.repositories.sort()).toEqual(['dibbs-ecr-lab-reports/lambda', 'dibbs-ecr-refiner/lambda']);
    expect(made.queues.sort()).toEqual([
      'data-repository-bus-forward-dlq',
      'dibbs-ecr-Lab-ReportsComplete',
      'dibbs-ecr-Lab-ReportsComplete-dlq',
      'dibbs-ecr-Lab-ReportsInput',
      'dibbs-ecr-Lab-ReportsInput-dlq',
      'dibbs-ecr-RefinerComplete',
      'dibbs-ecr-RefinerComplete-dlq',
      'dibbs-ecr-RefinerInput',
      'dibbs-ecr-RefinerInput-dlq',
    ]);
    expect(made.mappings).toHaveLength(2);

    for (const root of ROOTS) {
      const second = await terraform.run(
        root,
        ['plan', '-detailed-exitcode', '-input=false', '-no-color'],
        env,
      );
      expect(second.code, `${second.stdout}\n${second.stderr}`).toBe(0);
    }

    for (const root of ROOTS) {
      await terraform.must(root, ['destroy', ...CHANGE], env);
    }
    expect(await everything()).toEqual({
      buckets: [],
      buses: ['default'],
      rules: [],
      archives: [],
      queues: [],
      functions: [],
      mappings: [],
      roles: [],
      logs: [],
      alarms: [],
      repositories: [],
    });
  });
});
