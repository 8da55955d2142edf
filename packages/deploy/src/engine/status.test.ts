import type { StackResource } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { FakeCloud } from '../../test/fake-cloud.ts';
import { LAKERUNNER, systemStatus } from '../index.ts';

const REQUIRED = ['lakerunner-common', 'lakerunner-ecs-setup', 'lakerunner-ecs-services'];
const status = (on: FakeCloud, drift = false) =>
  systemStatus(on.engine(), { system: LAKERUNNER, environment: 'lakerunner', drift });

function resource(logicalId: string, type: string, more: Partial<StackResource> = {}): StackResource {
  return {
    logicalId,
    physicalId: logicalId,
    type,
    status: 'CREATE_COMPLETE',
    reason: undefined,
    drift: undefined,
    ...more,
  };
}

function complete(): FakeCloud {
  const on = new FakeCloud();
  for (const name of REQUIRED) on.put(name, 'CREATE_COMPLETE');
  return on;
}

describe('status', () => {
  it('is absent where there is nothing, and where there is only what others made', async () => {
    const on = new FakeCloud();
    expect((await status(on)).state).toBe('absent');
    on.put('lakerunner-common', 'CREATE_COMPLETE', { tags: {} });
    const found = await status(on);
    expect(found.state).toBe('absent');
    expect(found.stacks[1]).toMatchObject({
      state: "somebody else's",
      why: expect.stringContaining('not made by'),
    });
  });

  it('is complete with the stacks that are required, and with a VPC or without', async () => {
    const on = complete();
    expect((await status(on)).state).toBe('complete');
    on.put('lakerunner-vpc', 'UPDATE_COMPLETE');
    expect((await status(on)).state).toBe('complete');
  });

  it.each([
    ['ROLLBACK_COMPLETE', 'not made'],
    ['REVIEW_IN_PROGRESS', 'not made'],
    ['CREATE_IN_PROGRESS', 'working'],
    ['UPDATE_ROLLBACK_COMPLETE', 'rolled back'],
    ['UPDATE_FAILED', 'update failed'],
    ['UPDATE_ROLLBACK_FAILED', 'stuck'],
    ['DELETE_FAILED', 'stuck'],
  ])('is partial while one is in %s', async (word, state) => {
    const on = complete();
    on.put('lakerunner-grafana-service', word, { statusReason: 'because' });
    const found = await status(on);
    expect(found.state).toBe('partial');
    const grafana = found.stacks.find(({ key }) => key === 'grafana');
    expect(grafana).toMatchObject({ state, status: word, why: expect.stringContaining('because') });
  });

  it('is partial while a required one is missing', async () => {
    const on = complete();
    on.stacks.delete('lakerunner-ecs-setup');
    expect((await status(on)).state).toBe('partial');
  });

  it('tells of drift that was found before, and looks for it when it is asked to', async () => {
    const on = complete();
    const stack = on.put('lakerunner-common', 'CREATE_COMPLETE', {
      resources: [resource('IngestQueue', 'AWS::SQS::Queue'), resource('Efs', 'AWS::EFS::FileSystem')],
    });
    expect((await status(on)).stacks[1]).toMatchObject({ state: 'complete', drift: undefined });
    expect(on.calls).toEqual([]);
    stack.resources[0] = resource('IngestQueue', 'AWS::SQS::Queue', { drift: 'MODIFIED' });
    const found = await status(on, true);
    expect(found.state).toBe('partial');
    expect(found.stacks[1]).toMatchObject({
      state: 'drifted',
      why: 'IngestQueue (AWS::SQS::Queue) modified',
    });
    expect(on.calls).toContain(`detect drift of ${stack.name}`);
    expect((await status(on)).stacks[1]).toMatchObject({
      state: 'drifted',
      drift: { status: 'DRIFTED', checkedAtMs: expect.any(Number) },
    });
  });

  it('is partial while a service does not run all its tasks, or is gone', async () => {
    const on = complete();
    on.put('lakerunner-ecs-services', 'CREATE_COMPLETE', {
      resources: [resource('arn:a', 'AWS::ECS::Service'), resource('arn:b', 'AWS::ECS::Service')],
    });
    on.services.set('arn:a', { arn: 'arn:a', name: 'ingest-logs', desired: 2, running: 1 });
    const found = await status(on);
    expect(found.state).toBe('partial');
    expect(found.stacks[3]).toMatchObject({
      state: 'degraded',
      why: 'ingest-logs runs 1 of 2 tasks, 1 services are gone',
    });
  });

  it.each([
    ['1', 'degraded'],
    ['{Fn::If: [Theirs, 0, 2]}', 'degraded'],
    ['{Fn::If: [Theirs, 2, 0]}', 'complete'],
    ['0', 'complete'],
  ])('does not call a stopped service complete whose template asks for %s tasks', async (count, state) => {
    const on = complete();
    on.put('lakerunner-ecs-services', 'CREATE_COMPLETE', {
      body: `Parameters: {Image: {Type: String, Default: ours}, Secret: {Type: String, NoEcho: true, AllowedPattern: 'a+'}}
Conditions: {Theirs: {'Fn::Equals': [{Ref: Image}, theirs]}}
Resources: {Api: {Type: 'AWS::ECS::Service', Properties: {DesiredCount: ${count}, Cluster: {'Fn::ImportValue': x}}}}`,
      parameters: { Image: 'ours', Secret: 'aaa' },
      resources: [resource('Api', 'AWS::ECS::Service', { physicalId: 'arn:aws:ecs:r:1:service/main/api' })],
    });
    const arn = 'arn:aws:ecs:r:1:service/main/api';
    on.services.set(arn, { arn, name: 'api', desired: 0, running: 0 });
    const services = (await status(on)).stacks[3];
    expect(services.state).toBe(state);
    if (state === 'degraded')
      expect(services.hint).toMatch(/update-service --cluster main --service api --desired-count [12]$/);
  });

  describe('of a stack with another inside', () => {
    function nested(word: string, drift?: string): FakeCloud {
      const on = complete();
      const inner = on.put('inner', word, {
        resources: [resource('IngestQueue', 'AWS::SQS::Queue', { drift })],
      });
      on.put('lakerunner-common', 'UPDATE_COMPLETE', {
        resources: [
          resource('Inner', 'AWS::CloudFormation::Stack', { physicalId: inner.id, drift: 'IN_SYNC' }),
        ],
      });
      return on;
    }

    it('finds the drift of that one', async () => {
      const found = await status(nested('CREATE_COMPLETE', 'MODIFIED'), true);
      expect(found.state).toBe('partial');
      expect(found.stacks[1]).toMatchObject({
        state: 'drifted',
        why: 'IngestQueue (AWS::SQS::Queue) modified',
      });
    });

    it.each(['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_IN_PROGRESS', 'DELETE_FAILED'])(
      'is not complete while that one is in %s',
      async (word) => {
        const found = await status(nested(word));
        expect(found.state).toBe('partial');
        expect(found.stacks[1]).toMatchObject({
          state: 'degraded',
          why: `lakerunner-common/Inner is ${word}`,
        });
      },
    );
  });

  it('does not take a look for drift that failed for one that found none', async () => {
    const on = complete();
    const engine = on.engine();
    const driftDetection = async () => ({ status: 'DETECTION_FAILED', reason: 'not allowed to read Db' });
    const fails = { ...engine, stacks: { ...engine.stacks, driftDetection } };
    await expect(
      systemStatus(fails, { system: LAKERUNNER, environment: 'lakerunner', drift: true }),
    ).rejects.toThrow('not allowed to read Db');
  });
});
