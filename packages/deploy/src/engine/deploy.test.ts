import { describe, expect, it } from 'vitest';
import { change, type FakeCloud } from '../../test/fake-cloud.ts';
import { cloud, request, VPC_OUTPUTS, YES } from '../../test/requests.ts';
import { smallTemplates } from '../../test/small-templates.ts';
import { type DeployRequest, deploy, planDeployment, type Questions } from '../index.ts';

const run = (on: FakeCloud, asked = request(), questions = YES) => deploy(on.engine(), asked, questions);
const COMMON_ONLY = { only: ['common'] };

describe('deploy', () => {
  it('makes the stacks in order, the outputs of one being the parameters of the next, with our tags', async () => {
    const on = cloud();
    const results = await run(on);
    expect(results?.map(({ stack, did }) => `${stack} ${did}`)).toEqual([
      'lakerunner-vpc created',
      'lakerunner-common created',
      'lakerunner-ecs-setup created',
      'lakerunner-ecs-services created',
      'lakerunner-grafana-service created',
      'lakerunner-otel-collector created',
    ]);
    expect(on.stacks.get('lakerunner-common')).toMatchObject({
      parameters: VPC_OUTPUTS,
      tags: { 'lakewright:system': 'lakerunner', 'lakewright:env': 'lakerunner' },
    });
    expect(on.stacks.get('lakerunner-grafana-service')?.parameters).toEqual({
      CommonInfraStackName: 'lakerunner-common',
      ServicesStackName: 'lakerunner-ecs-services',
    });
  });

  it('says no changes the second time, asks nothing and leaves no change set', async () => {
    const on = cloud();
    await run(on);
    on.sets.clear();
    const results = await run(on, request(), { ...YES, approve: () => Promise.reject(new Error('asked')) });
    expect(results?.map(({ did }) => did)).toEqual(Array(6).fill('unchanged'));
    expect([...on.sets]).toEqual([]);
  });

  it('takes the other wording of no changes for what it is', async () => {
    const on = cloud();
    await run(on);
    const engine = on.engine();
    const { BadInputError } = await import('@lakewright/core');
    const refuses = {
      ...engine,
      stacks: {
        ...engine.stacks,
        createChangeSet: () => Promise.reject(new BadInputError('x: No updates are to be performed.')),
      },
    };
    expect((await deploy(refuses, request(), YES))?.map(({ did }) => did)).toEqual(
      Array(6).fill('unchanged'),
    );
  });

  it('keeps every value that is not named, and takes the defaults of new parameters', async () => {
    const on = cloud();
    await run(on, request(['DbInstanceClass=db.r6g.large']));
    const templates = smallTemplates();
    const old = templates.get('lakerunner-common.yaml');
    const { templateFacts } = await import('../index.ts');
    const body = old?.body
      .replace('{VpcId', "{New: {Type: String, Default: 'n'}, VpcId")
      .replace('db.t3.medium', 'db.t4g.medium');
    templates.set('lakerunner-common.yaml', templateFacts('lakerunner-common.yaml', body ?? ''));
    await run(on, request(['ApiKeysOverride=k'], { templates }));
    expect(on.stacks.get('lakerunner-common')?.parameters).toEqual({
      ...VPC_OUTPUTS,
      DbInstanceClass: 'db.r6g.large',
      CreateRDS: 'Yes',
      ApiKeysOverride: 'k',
      New: 'n',
    });
  });

  it('answers undefined and touches nothing when the answer is no', async () => {
    const on = cloud();
    expect(await run(on, request(), { ...YES, approve: async () => false })).toBeUndefined();
    expect(on.stacks.size).toBe(0);
  });

  it.each(['ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS', 'CREATE_FAILED', 'ROLLBACK_FAILED'])(
    'deletes a stack in %s, says so, and makes it anew',
    async (status) => {
      const on = cloud();
      const old = on.put('lakerunner-vpc', status);
      await run(on);
      expect(on.stacks.get('lakerunner-vpc')?.id).not.toBe(old.id);
      expect(on.told('lakerunner-vpc').join()).toContain(`${status}: deleting it, to make it anew`);
    },
  );

  it('says what the rollback of a failed try kept, before the stack that knows of it goes', async () => {
    const on = cloud();
    const bucket = { logicalId: 'Bucket', physicalId: 'b-1', reason: undefined, drift: undefined };
    on.put('lakerunner-vpc', 'ROLLBACK_COMPLETE', {
      resources: [{ ...bucket, type: 'AWS::S3::Bucket', status: 'DELETE_SKIPPED' }],
    });
    await run(on);
    expect(on.told('lakerunner-vpc')).toContain(
      'Bucket (AWS::S3::Bucket) of the failed try stays in the account: b-1',
    );
  });

  it('does not delete a failed stack that has data', async () => {
    const on = cloud();
    const resource = { logicalId: 'Db', physicalId: 'db-1', reason: undefined, drift: undefined };
    on.put('lakerunner-vpc', 'CREATE_FAILED', {
      resources: [{ ...resource, type: 'AWS::RDS::DBInstance', status: 'CREATE_COMPLETE' }],
    });
    await expect(run(on)).rejects.toThrow(/has Db \(AWS::RDS::DBInstance\)/);
    expect(on.calls).not.toContain('delete lakerunner-vpc');
  });

  it.each([
    ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE'],
    ['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE'],
    ['DELETE_IN_PROGRESS', 'CREATE_COMPLETE'],
  ])('takes up %s and ends with %s', async (status, end) => {
    const on = cloud();
    const body = smallTemplates().get('lakerunner-vpc.yaml')?.body ?? '';
    on.put('lakerunner-vpc', status, {
      body,
      parameters: { EnvironmentName: 'lakerunner' },
      outputs: VPC_OUTPUTS,
    });
    await run(on);
    expect(on.stacks.get('lakerunner-vpc')?.status).toBe(end);
    expect(on.told('lakerunner-vpc').join()).toContain(`${status} already: waiting`);
  });

  it('updates a stack whose last update was rolled back', async () => {
    const on = cloud();
    await run(on);
    const stack = on.stacks.get('lakerunner-common');
    if (stack !== undefined) stack.status = 'UPDATE_ROLLBACK_COMPLETE';
    const results = await run(on, request(['DbInstanceClass=db.r6g.large']));
    expect(results?.[1]).toMatchObject({ did: 'updated', status: 'UPDATE_COMPLETE' });
  });

  it('explains what only a person can mend', async () => {
    const on = cloud();
    on.put('lakerunner-common', 'UPDATE_ROLLBACK_FAILED', {
      parameters: { VpcId: 'v', PrivateSubnets: 's' },
    });
    await expect(run(on)).rejects.toMatchObject({
      message: expect.stringContaining('UPDATE_ROLLBACK_FAILED'),
      hint: expect.stringContaining('continue-update-rollback --stack-name lakerunner-common'),
    });
  });

  it.each([
    [{}, /was not made by lakewright/],
    [{ 'lakewright:system': 'lakerunner', 'lakewright:env': 'prod' }, /environment prod/],
  ])('leaves a stack with the tags %j alone', async (tags, message) => {
    const on = cloud();
    on.put('lakerunner-common', 'CREATE_COMPLETE', { tags });
    await expect(run(on)).rejects.toThrow(message);
    expect(on.calls).toEqual([]);
  });

  it('names the first resource that failed, and not those that were given up', async () => {
    const on = cloud();
    on.endings['lakerunner-vpc'] = {
      status: 'ROLLBACK_COMPLETE',
      events: [
        { logicalId: 'A', status: 'CREATE_FAILED', reason: 'Resource creation cancelled' },
        { logicalId: 'Nat', status: 'CREATE_FAILED', type: 'AWS::EC2::NatGateway', reason: 'limit exceeded' },
        { logicalId: 'B', status: 'CREATE_FAILED', reason: 'Resource creation cancelled' },
        { logicalId: 'C', status: 'DELETE_FAILED', reason: 'later' },
      ],
    };
    await expect(run(on)).rejects.toMatchObject({
      code: 'STACK_FAILED',
      message:
        'lakerunner-vpc ended as ROLLBACK_COMPLETE. First Nat (AWS::EC2::NatGateway) failed: limit exceeded',
      hint: expect.stringContaining('Service Quotas'),
    });
    expect(on.stacks.has('lakerunner-common')).toBe(false);
  });

  it('says why the stack itself was rolled back when no resource failed', async () => {
    const on = cloud();
    const reason = 'Cannot export output VpcId: it exists';
    on.endings['lakerunner-vpc'] = {
      status: 'ROLLBACK_COMPLETE',
      events: [{ logicalId: 'lakerunner-vpc', status: 'ROLLBACK_IN_PROGRESS', reason }],
    };
    await expect(run(on)).rejects.toThrow(`lakerunner-vpc ended as ROLLBACK_COMPLETE: ${reason}`);
  });

  it('follows a failure into nested stacks', async () => {
    const on = cloud();
    const nested = on.put('lakerunner-vpc-Inner', 'ROLLBACK_COMPLETE');
    on.event(nested, nested.name, 'CREATE_IN_PROGRESS');
    on.event(nested, 'Bucket', 'CREATE_FAILED', { type: 'AWS::S3::Bucket', reason: 'already exists' });
    on.endings['lakerunner-vpc'] = {
      status: 'ROLLBACK_COMPLETE',
      events: [
        {
          logicalId: 'Inner',
          status: 'CREATE_FAILED',
          type: 'AWS::CloudFormation::Stack',
          physicalId: nested.id,
          reason: 'Embedded stack was not successfully created',
        },
      ],
    };
    await expect(run(on)).rejects.toThrow(
      /First Bucket of lakerunner-vpc-Inner \(AWS::S3::Bucket\) failed: already exists/,
    );
  });

  it('asks again for a loss of data that the plan did not name', async () => {
    const on = cloud();
    await run(on);
    const replaced = change('Modify', 'Db', 'AWS::RDS::DBInstance', { replacement: 'True' });
    const asked: string[] = [];
    const questions: Questions = {
      approve: async () => {
        // Between the plan and its execution somebody changes what would happen.
        on.changes['lakerunner-common'] = [replaced];
        return true;
      },
      approveMore: async (stack, lines) => {
        asked.push(`${stack}: ${lines.map(({ verb, logicalId }) => `${verb} ${logicalId}`).join()}`);
        return false;
      },
    };
    await expect(run(on, request(['DbInstanceClass=x']), questions)).rejects.toThrow(
      /as the plan did not say: replace Db/,
    );
    expect(asked).toEqual(['lakerunner-common: replace Db']);
    expect(on.calls.filter((call) => call.startsWith('execute UPDATE'))).toEqual([]);
  });

  it('stops waiting when the person does, and says that the stack goes on', async () => {
    const on = cloud();
    on.onPause = () => on.abort.abort();
    await expect(run(on)).rejects.toMatchObject({
      code: 'INTERRUPTED',
      hint: expect.stringContaining('same command'),
    });
  });

  it('gives up waiting after its limit, by name', async () => {
    const on = cloud();
    on.put('lakerunner-vpc', 'CREATE_IN_PROGRESS');
    on.onPause = () => {
      const stack = on.stacks.get('lakerunner-vpc');
      if (stack !== undefined) stack.status = 'CREATE_IN_PROGRESS';
    };
    await expect(run(on)).rejects.toMatchObject({ limit: 'maxWaitMinutes' });
  });
});

describe('plan', () => {
  const plan = (on: FakeCloud, asked = request()) => planDeployment(on.engine(), asked);

  it('changes nothing and leaves no change set', async () => {
    const on = cloud();
    await run(on, request(), YES);
    on.calls.length = 0;
    const { stacks } = await plan(on, request(['DbInstanceClass=db.r6g.large']));
    expect(stacks.map(({ action }) => action)).toEqual(['none', 'update', 'none', 'none', 'none', 'none']);
    expect(
      on.calls.filter((call) => !call.startsWith('make UPDATE') && !call.startsWith('delete set')),
    ).toEqual([]);
    expect(on.calls.filter((call) => call.startsWith('delete set')).length).toBe(6);
  });

  it('shows where each value is from, and what is known only later', async () => {
    const { stacks } = await plan(cloud());
    const common = stacks.find(({ key }) => key === 'common');
    expect(common?.parameters.map(({ name, source, shown }) => `${name} ${source} ${shown}`)).toEqual([
      'VpcId wired (VpcId of lakerunner-vpc)',
      'PrivateSubnets wired (PrivateSubnets of lakerunner-vpc)',
      'PublicSubnets wired (PublicSubnets of lakerunner-vpc)',
      'DbInstanceClass default db.t3.medium',
      'CreateRDS default Yes',
      'ApiKeysOverride default ',
    ]);
  });

  it('says that an image stays, which is the default, and how to move it', async () => {
    const on = cloud();
    await run(on, request(['services.GoServicesImage=ours:0']));
    const { stacks } = await plan(on);
    const services = stacks.find(({ key }) => key === 'services');
    expect(services?.action).toBe('none');
    expect(services?.notes).toEqual([
      "GoServicesImage stays at ours:0; the template's default is public.example/lakewright:1. To move it: --set services.GoServicesImage=public.example/lakewright:1",
    ]);
  });

  it('takes our image from a registry of the customer for all that runs it, unless one is named', async () => {
    const on = cloud();
    const wanted = { ...request(['services.QueryApiImage=other:3']), image: 'mine/lakewright:2' };
    const { stacks } = await planDeployment(on.engine(), wanted);
    const images = stacks.flatMap(({ key, parameters }) =>
      parameters
        .filter(({ name }) => name.endsWith('Image'))
        .map(({ name, shown }) => `${key} ${name} ${shown}`),
    );
    expect(images).toEqual([
      'setup ContainerImage mine/lakewright:2',
      'services GoServicesImage mine/lakewright:2',
      'services QueryApiImage other:3',
    ]);
  });

  it('never shows a value of NoEcho', async () => {
    const on = cloud();
    await run(on, request(['ApiKeysOverride=hunter2']));
    const second = await plan(on, request(['ApiKeysOverride=hunter3']));
    const shown = second.stacks[1].parameters.find(({ name }) => name === 'ApiKeysOverride');
    expect(shown).toMatchObject({ shown: '(hidden), set anew', before: undefined });
    const third = await plan(on);
    expect(third.stacks[1].parameters.at(-1)).toMatchObject({
      shown: '(hidden), unchanged',
      before: undefined,
    });
  });

  it.each<[string[], Partial<DeployRequest>, RegExp, RegExp | undefined]>([
    [
      ['DbInstanceClas=x'],
      {},
      /no template declares a parameter DbInstanceClas/,
      /did you mean DbInstanceClass\?/,
    ],
    [['services.VpcId=x'], {}, /no template declares a parameter VpcId/, /there are Common/],
    [['DbInstanceClass=x'], { only: ['vpc'] }, /is a parameter of common, which is not deployed/, undefined],
    [['CreateRDS=Maybe'], {}, /CreateRDS: "Maybe" is none of Yes, No/, undefined],
    [['CommonInfraStackName=-x'], {}, /CommonInfraStackName: "-x" does not match/, undefined],
    [['DbInstanceClass=db\u2019s'], {}, /not ASCII at position 3: U\+2019/, undefined],
    [[], { only: ['services'] }, /lakerunner-ecs-services needs common, which is not there/, /--only common/],
    [[], COMMON_ONLY, /needs a value for VpcId, PrivateSubnets/, /--set common.VpcId=/],
  ])('refuses %j of %j', async (set, more, message, hint) => {
    const refused = await plan(cloud(), request(set, more)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ message: expect.stringMatching(message) });
    if (hint !== undefined) expect(refused).toMatchObject({ hint: expect.stringMatching(hint) });
  });

  it.each([
    [[], ['vpc', 'common', 'setup', 'services', 'grafana', 'collector']],
    [
      ['demo', 'collector'],
      ['vpc', 'common', 'setup', 'services', 'collector', 'demo'],
    ],
    [[] as string[], undefined],
  ])('with %j it is about %j', async (optional, keys) => {
    const { stacks } = await plan(
      cloud(),
      request([], { with: keys === undefined ? [] : optional.length === 0 ? undefined : optional }),
    );
    expect(stacks.map(({ key }) => key)).toEqual(keys ?? ['vpc', 'common', 'setup', 'services']);
  });

  it('keeps the VPC that a system has, and makes no other', async () => {
    const on = cloud();
    on.subnets = [subnet('a', 'z1'), subnet('b', 'z2')];
    await run(on, request([], { vpc: 'vpc-00000009' }));
    expect(on.stacks.has('lakerunner-vpc')).toBe(false);
    const { stacks } = await plan(on);
    expect(stacks.map(({ action }) => action)).toEqual(Array(5).fill('none'));
    expect(on.stacks.get('lakerunner-common')?.parameters).toMatchObject({
      VpcId: 'vpc-00000009',
      PrivateSubnets: 'a,b',
      PublicSubnets: '',
    });
  });

  it.each([
    [[subnet('a', 'z1'), subnet('b', 'z1'), subnet('c', 'z2')], /several private subnets in one zone/],
    [[subnet('a', 'z1'), subnet('b', 'z2', true)], /private subnets in 1 zone, and two/],
    [
      [subnet('a', 'z1'), subnet('b', 'z2'), subnet('c', 'z1', true), subnet('d', 'z1', true)],
      /several public/,
    ],
  ])('refuses to choose among subnets, with the list', async (subnets, message) => {
    const on = cloud();
    on.subnets = subnets;
    const refused = await plan(on, request([], { vpc: 'vpc-00000009' })).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringContaining('a z1 10.0.0.0/24 private'),
    });
  });

  it('takes the subnets that are named', async () => {
    const on = cloud();
    on.subnets = [subnet('a', 'z1'), subnet('b', 'z1'), subnet('c', 'z2')];
    const { stacks } = await plan(on, request(['PrivateSubnets=b,c'], { vpc: 'vpc-00000009' }));
    expect(stacks[0].parameters[1]).toMatchObject({ name: 'PrivateSubnets', shown: 'b,c' });
  });
});

function subnet(id: string, zone: string, isPublic = false) {
  return { id, zone, cidr: '10.0.0.0/24', name: undefined, isPublic };
}
