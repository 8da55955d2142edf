import { describe, expect, it, test } from 'vitest';
import { exportsOf, referencesIn, templateOf } from '../../../test/template.ts';
import { SetupStack } from './stack.ts';

const template = templateOf(new SetupStack());
const { Parameters, Resources, Rules = {} } = template;
const properties = (id: string) => Resources[id].Properties;
const [container] = properties('SetupTaskDef').ContainerDefinitions;
const imported = (name: string) => ({ 'Fn::ImportValue': { 'Fn::Sub': `\${CommonInfraStackName}-${name}` } });

/** What a role's inline policies allow: resources by action. */
function allowed(id: string): Record<string, unknown> {
  const statements = properties(id).Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: unknown[] } }) => PolicyDocument.Statement,
  );
  return Object.fromEntries(
    statements.flatMap(({ Action = [], Resource }: { Action?: string[]; Resource?: unknown }) =>
      Action.map((action) => [action, Resource]),
    ),
  );
}

describe('the setup stack', () => {
  it('exports its task, its function, its log and a mark that it has ended well', () => {
    expect(exportsOf(template)).toEqual(['TaskDefinitionArn', 'RunnerFnArn', 'LogGroup', 'RunSetupId']);
    expect(template.Outputs.RunSetupId.Value).toEqual({ Ref: 'RunSetup' });
  });

  it('runs lakewright setup in our image, and setup in one of Lakerunner', () => {
    expect(container.Command).toEqual({
      'Fn::If': ['IsLakerunnerSetup', ['/app/bin/lakerunner', 'setup'], ['lakewright', 'setup']],
    });
    expect(container.ReadonlyRootFilesystem['Fn::If'][2]).toBe(true);
    expect(container.User['Fn::If'][2]).toBe('1000');
  });

  it('may read every secret that it injects, and nothing else', () => {
    const rights = allowed('ExecutionRole');
    const secrets = [imported('DbSecretArn'), imported('ApiKeysSecretArn')];
    expect(rights['secretsmanager:GetSecretValue']).toEqual(secrets);
    expect(rights['ssm:GetParameters']).toEqual(imported('StorageProfilesParamArn'));
    const injected = JSON.stringify(container.Secrets);
    for (const name of ['DbSecretArn', 'ApiKeysSecretArn', 'StorageProfilesParamArn']) {
      expect(injected).toContain(name);
    }
    const names = [...injected.matchAll(/CommonInfraStackName\}-(\w+)/g)].map(([, name]) => name);
    expect(new Set(names)).toEqual(new Set(['DbSecretArn', 'ApiKeysSecretArn', 'StorageProfilesParamArn']));
  });

  it('has a runner that may start and stop its own tasks in one cluster', () => {
    const rights = allowed('RunnerRole');
    expect(Object.keys(rights).sort()).toEqual([
      ...['ecs:DescribeTasks', 'ecs:RunTask', 'ecs:StopTask', 'iam:PassRole'],
      ...['logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
    for (const resource of Object.values(rights)) expect(resource).not.toBe('*');
    expect(JSON.stringify(rights['ecs:RunTask'])).toContain('-setup');
    expect(rights['logs:PutLogEvents']).toEqual({ 'Fn::GetAtt': ['RunnerLogGroup', 'Arn'] });
    expect(properties('SetupTaskDef').Family).toEqual({ 'Fn::Sub': '$' + '{AWS::StackName}-setup' });
  });

  it('calls the runner when it may do everything, and again when the task or the token changes', () => {
    const run = Resources.RunSetup;
    expect(run.Type).toBe('Custom::RunEcsTask');
    expect(run.DependsOn).toEqual(['RunnerHandOver']);
    expect(referencesIn(run.Properties)).toEqual(
      new Set(['RunnerFunction', 'CommonInfraStackName', 'SetupTaskDef', 'LogGroupSetup', 'SetupToken']),
    );
    expect(properties('RunnerFunction').Timeout).toBe(900);
    expect(run.Properties.ServiceTimeout).toBe(3600);
  });

  it('carries code that stands alone and takes clients of the SDK that Lambda has', async () => {
    const { Code, Handler, Runtime } = properties('RunnerFunction');
    expect([Handler, Runtime]).toEqual(['index.handler', 'nodejs24.x']);
    const required: string[] = [];
    const started: unknown[] = [];
    class ECS {
      async runTask(input: unknown) {
        started.push(input);
        return { tasks: [{ taskArn: 'task' }] };
      }
      async describeTasks() {
        return {
          tasks: [{ taskArn: 'task', lastStatus: 'STOPPED', containers: [{ name: 'a', exitCode: 0 }] }],
        };
      }
    }
    class Lambda {}
    const answers: string[] = [];
    const made: { handler?: (event: object, context: object) => Promise<void> } = {};
    const load = new Function('exports', 'require', 'fetch', 'console', Code.ZipFile);
    load(
      made,
      (name: string) => {
        required.push(name);
        return { ECS, Lambda };
      },
      async (_url: string, { body }: { body: Buffer }) => {
        answers.push(JSON.parse(body.toString()).Status);
        return { ok: true };
      },
      { log: () => undefined },
    );
    await made.handler?.(
      {
        RequestType: 'Create',
        RequestId: 'r',
        LogicalResourceId: 'RunSetup',
        ResourceProperties: { Subnets: [] },
      },
      { getRemainingTimeInMillis: () => 900_000 },
    );
    expect(required).toEqual(['@aws-sdk/client-ecs', '@aws-sdk/client-lambda']);
    expect(started).toHaveLength(1);
    expect(answers).toEqual(['SUCCESS']);
  });

  test.each([
    ['256', ['512', '1024', '2048']],
    ['512', ['1024', '2048', '3072', '4096']],
    ['4096', ['8192']],
  ])('has only sizes that Fargate has: %s with %j', (cpu, sizes) => {
    const { RuleCondition, Assertions } = Rules[`MemoryWith${cpu}`];
    expect(RuleCondition).toEqual({ 'Fn::Equals': [{ Ref: 'Cpu' }, cpu] });
    expect(Assertions[0].Assert).toEqual({ 'Fn::Contains': [sizes, { Ref: 'MemoryMiB' }] });
  });

  it('begins with the sizes of the defaults', () => {
    expect(Parameters).toMatchObject({ Cpu: { Default: '512' }, MemoryMiB: { Default: '1024' } });
  });
});
