import type { StackResource } from '@lakewright/core';
import { UnavailableError } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { change, type FakeCloud } from '../../test/fake-cloud.ts';
import { cloud, request, YES } from '../../test/requests.ts';
import { smallTemplates } from '../../test/small-templates.ts';
import {
  type DestroyRequest,
  deploy,
  destroy,
  type Engine,
  LAKERUNNER,
  planDestroy,
  type Questions,
  templateFacts,
} from '../index.ts';

/** What others do, or what breaks, between the look at an account and the work on it. */

const run = (on: FakeCloud, asked = request(), questions = YES, engine: Engine = on.engine()) =>
  deploy(engine, asked, questions);

describe('deploy, when somebody else is at work', () => {
  const CLASS = ['DbInstanceClass=x'];

  it.each([
    ['another resource', 'Modify', 'Other', 'False', 'change Other'],
    ['more gravely the same resource', 'Modify', 'Thing', 'True', 'replace Thing'],
  ])('asks again before it changes %s than the plan said', async (_, action, id, replacement, said) => {
    const on = cloud();
    await run(on);
    on.changes['lakerunner-common'] = [
      change('Modify', 'Thing', 'AWS::Some::Thing', { replacement: 'False' }),
    ];
    const questions: Questions = {
      approve: async () => {
        on.changes['lakerunner-common'] = [change(action, id, 'AWS::Some::Thing', { replacement })];
        return true;
      },
      approveMore: async (_stack, lines) => {
        expect(lines.map(({ verb, logicalId }) => `${verb} ${logicalId}`)).toEqual([said]);
        return false;
      },
    };
    await expect(run(on, request(CLASS), questions)).rejects.toThrow(said);
    expect(on.calls.filter((call) => call.startsWith('execute UPDATE'))).toEqual([]);
    expect([...on.sets.values()].filter(({ request: { kind } }) => kind === 'UPDATE')).toEqual([]);
  });

  it('does not make a stack anew, and empty, that was deleted since the plan', async () => {
    const on = cloud();
    await run(on);
    const questions = { ...YES, approve: async () => on.stacks.delete('lakerunner-common') };
    await expect(run(on, request(CLASS), questions)).rejects.toThrow(/lakerunner-common was deleted/);
    expect(on.stacks.has('lakerunner-common')).toBe(false);
  });

  it('does not delete a stack that somebody else is about to make', async () => {
    const on = cloud();
    const approve = async () => on.put('lakerunner-vpc', 'REVIEW_IN_PROGRESS') !== undefined;
    await expect(run(on, request(), { ...YES, approve })).rejects.toThrow(/is being made by somebody else/);
    expect(on.calls).toEqual([]);
  });

  it('begins nothing once the person has stopped it', async () => {
    const on = cloud();
    await run(on);
    on.calls.length = 0;
    const questions: Questions = {
      approve: async () => {
        on.changes['lakerunner-common'] = [change('Modify', 'Other', 'AWS::Some::Thing')];
        return true;
      },
      approveMore: async () => {
        on.abort.abort();
        return true;
      },
    };
    await expect(run(on, request(CLASS), questions)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(on.calls.filter((call) => call.startsWith('execute'))).toEqual([]);
  });

  it('takes up a stack for which there is only a change set of ours: it has no tags yet', async () => {
    const on = cloud();
    const engine = on.engine();
    const dies = {
      ...engine,
      stacks: { ...engine.stacks, executeChangeSet: () => Promise.reject(new Error('killed')) },
    };
    await expect(run(on, request(), YES, dies)).rejects.toThrow('killed');
    expect(on.stacks.get('lakerunner-vpc')).toMatchObject({ status: 'REVIEW_IN_PROGRESS', tags: {} });
    expect((await run(on))?.[0]).toMatchObject({ did: 'created' });
  });

  it('leaves a stack alone for which there is a change set of another tool', async () => {
    const on = cloud();
    const template = { body: smallTemplates().get('lakerunner-vpc.yaml')?.body ?? '' };
    await on.engine().stacks.createChangeSet({
      ...{ stack: 'lakerunner-vpc', name: 'theirs', kind: 'CREATE', template, parameters: [] },
      nested: false,
      tags: {},
    });
    await expect(run(on)).rejects.toThrow(/was not made by lakewright/);
    expect(on.stacks.has('lakerunner-vpc')).toBe(true);
  });

  it('does not take a default for what a stack, which is being updated, does not say yet', async () => {
    const on = cloud();
    await run(on, request([], { only: ['vpc'] }));
    const stack = on.stacks.get('lakerunner-vpc');
    if (stack !== undefined) stack.status = 'UPDATE_IN_PROGRESS';
    await expect(run(on, request([], { only: ['common'] }))).rejects.toThrow(/VpcId of lakerunner-vpc/);
    expect(on.stacks.has('lakerunner-common')).toBe(false);
  });

  it('says which services a destroy stopped that went no further', async () => {
    const on = cloud();
    await run(on);
    const services = on.stacks.get('lakerunner-ecs-services');
    const templates = smallTemplates();
    const old = templates.get('lakerunner-ecs-services.yaml')?.body ?? '';
    const api = "{Api: {Type: 'AWS::ECS::Service', Properties: {DesiredCount: 2}}}";
    const body = old.replace(/^Resources: .*$/m, `Resources: ${api}`);
    templates.set('lakerunner-ecs-services.yaml', templateFacts('lakerunner-ecs-services.yaml', body));
    await run(on, request([], { templates }));
    const arn = 'arn:aws:ecs:us-east-1:123456789012:service/main/api';
    const known = { logicalId: 'Api', physicalId: arn, reason: undefined, drift: undefined };
    services?.resources.push({ ...known, type: 'AWS::ECS::Service', status: 'CREATE_COMPLETE' });
    on.services.set(arn, { arn, name: 'api', desired: 0, running: 0 });
    await run(on, request([], { templates }));
    expect(on.told('lakerunner-ecs-services')).toContain(
      'api stays stopped; start it with: aws ecs update-service --cluster main --service api --desired-count 2',
    );
  });

  it('makes no VPC that nothing would be in', async () => {
    const on = cloud();
    on.put('lakerunner-common', 'CREATE_COMPLETE', {
      parameters: { VpcId: 'vpc-00000009', PrivateSubnets: 's' },
    });
    await expect(run(on, request([], { vpc: 'new' }))).rejects.toThrow(/is in another VPC already/);
  });
});

describe('waiting', () => {
  function failing(on: FakeCloud, times: number): Engine {
    const engine = on.engine();
    let left = times;
    const describe = (name: string) => {
      const isWaiting = on.calls.includes('execute CREATE lakerunner-vpc');
      if (isWaiting && left-- > 0) return Promise.reject(new UnavailableError('slow down'));
      return engine.stacks.describe(name);
    };
    return { ...engine, stacks: { ...engine.stacks, describe } };
  }

  it('goes on after looks that nothing answered, and not for ever', async () => {
    const on = cloud();
    expect(await run(on, request(), YES, failing(on, 5))).toHaveLength(6);
    const lost = cloud();
    await expect(run(lost, request(), YES, failing(lost, 50))).rejects.toThrow('slow down');
  });
});

describe('destroy, when somebody else is at work', () => {
  const BUCKET: StackResource = {
    logicalId: 'Bucket',
    physicalId: 'the-bucket',
    type: 'AWS::S3::Bucket',
    status: 'CREATE_COMPLETE',
    reason: undefined,
    drift: undefined,
  };

  function full(): FakeCloud {
    const on = cloud();
    on.put('lakerunner-common', 'CREATE_COMPLETE', { resources: [BUCKET] });
    on.put('lakerunner-ecs-services', 'CREATE_COMPLETE');
    on.buckets.set('the-bucket', ['a', 'b']);
    return on;
  }

  const ALL: DestroyRequest = {
    system: LAKERUNNER,
    environment: 'lakerunner',
    only: undefined,
    deleteData: true,
  };

  it('empties no bucket of a stack that is protected from its deletion', async () => {
    const on = full();
    const stack = on.stacks.get('lakerunner-common');
    if (stack !== undefined) stack.terminationProtected = true;
    await expect(planDestroy(on.engine(), ALL)).rejects.toMatchObject({
      message: expect.stringContaining('lakerunner-common is protected'),
      hint: expect.stringContaining('--no-enable-termination-protection --stack-name lakerunner-common'),
    });
  });

  it('empties no bucket of a stack that another one needs, which would stay', async () => {
    const on = full();
    const only = { ...ALL, only: ['common'] };
    await expect(planDestroy(on.engine(), only)).rejects.toThrow(/lakerunner-common is needed by services/);
  });

  it.each<[string, (on: FakeCloud) => void, RegExp]>([
    ['was protected', (on) => Object.assign(common(on), { terminationProtected: true }), /is protected/],
    ['was changed', (on) => Object.assign(common(on), { changedAtMs: 5 }), /was changed by somebody else/],
    [
      'was made anew',
      (on) => void on.put('lakerunner-common', 'CREATE_COMPLETE', { resources: [BUCKET] }),
      /was made anew by somebody else/,
    ],
    ['became another environment', (on) => Object.assign(common(on), { tags: {} }), /not made by lakewright/],
  ])('does nothing at all when a stack %s since it was shown', async (_, meanwhile, message) => {
    const on = full();
    const plan = await planDestroy(on.engine(), ALL);
    meanwhile(on);
    await expect(destroy(on.engine(), ALL, plan)).rejects.toThrow(message);
    expect(on.calls).toEqual([]);
  });

  it('leaves a bucket of that name alone which the stack no longer has', async () => {
    const on = full();
    common(on).resources = [{ ...BUCKET, status: 'DELETE_COMPLETE' }];
    common(on).status = 'DELETE_FAILED';
    await destroy(on.engine(), ALL, await planDestroy(on.engine(), ALL));
    expect(on.buckets.has('the-bucket')).toBe(true);
  });

  it('stops emptying a bucket when the person says so, and deletes no stack after that', async () => {
    const on = full();
    const engine = on.engine();
    let pages = 0;
    const account = {
      ...engine.account,
      deleteBucket: async (_bucket: string, told: (removed: number) => void = () => undefined) => {
        for (; pages < 10; pages++) {
          if (pages === 2) on.abort.abort();
          told(1000 * pages);
        }
      },
    };
    const plan = await planDestroy(engine, ALL);
    await expect(destroy({ ...engine, account }, ALL, plan)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(pages).toBe(2);
    expect(on.stacks.has('lakerunner-common')).toBe(true);
  });

  function common(on: FakeCloud) {
    const stack = on.stacks.get('lakerunner-common');
    if (stack === undefined) throw new Error('no common');
    return stack;
  }
});
