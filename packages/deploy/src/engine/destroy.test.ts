import type { StackResource } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { FakeCloud } from '../../test/fake-cloud.ts';
import { type DestroyRequest, destroy, LAKERUNNER, planDestroy } from '../index.ts';

const BODY = `Resources:
  Bucket: {Type: 'AWS::S3::Bucket', DeletionPolicy: Retain}
  Policy: {Type: 'AWS::S3::BucketPolicy', DeletionPolicy: Retain}
  Db: {Type: 'AWS::RDS::DBInstance'}
  Queue: {Type: 'AWS::SQS::Queue'}`;

function resource(logicalId: string, type: string): StackResource {
  return {
    logicalId,
    physicalId: `the-${logicalId}`,
    type,
    status: 'CREATE_COMPLETE',
    reason: undefined,
    drift: undefined,
  };
}

function cloud(): FakeCloud {
  const on = new FakeCloud();
  on.put('lakerunner-vpc', 'CREATE_COMPLETE');
  on.put('lakerunner-common', 'CREATE_COMPLETE', {
    body: BODY,
    resources: [
      resource('Bucket', 'AWS::S3::Bucket'),
      resource('Policy', 'AWS::S3::BucketPolicy'),
      resource('Db', 'AWS::RDS::DBInstance'),
      resource('Queue', 'AWS::SQS::Queue'),
    ],
  });
  on.put('lakerunner-ecs-services', 'UPDATE_COMPLETE', { resources: [resource('Api', 'AWS::ECS::Service')] });
  on.services.set('the-Api', { arn: 'the-Api', name: 'query-api', desired: 1, running: 1 });
  on.buckets.set('the-Bucket', ['x']);
  return on;
}

async function run(on: FakeCloud, more: Partial<DestroyRequest> = {}) {
  const request = {
    system: LAKERUNNER,
    environment: 'lakerunner',
    only: undefined,
    deleteData: false,
    ...more,
  };
  return destroy(on.engine(), request, await planDestroy(on.engine(), request));
}

describe('destroy', () => {
  it('stops what writes, deletes in reverse order, and says what stays and how to remove it', async () => {
    const on = cloud();
    const report = await run(on);
    expect(on.calls).toEqual([
      'stop the-Api',
      'delete lakerunner-ecs-services',
      'delete lakerunner-common',
      'delete lakerunner-vpc',
    ]);
    expect(on.stacks.size).toBe(0);
    expect(report.left.map(({ logicalId, as, remove }) => [logicalId, as, remove])).toEqual([
      ['Bucket', 'kept', 'aws s3 rb s3://the-Bucket --force'],
      ['Db', 'snapshot', expect.stringContaining('delete-db-snapshot')],
    ]);
  });

  it('empties and deletes the buckets that it made only when it is told so, before their stack', async () => {
    const on = cloud();
    const report = await run(on, { deleteData: true });
    expect(on.calls.indexOf('delete s3://the-Bucket')).toBe(on.calls.indexOf('delete lakerunner-common') - 1);
    expect(report.left.map(({ logicalId }) => logicalId)).toEqual(['Db']);
  });

  it('finds again what an earlier run left', async () => {
    const on = cloud();
    await run(on);
    const plan = await planDestroy(on.engine(), {
      system: LAKERUNNER,
      environment: 'lakerunner',
      only: undefined,
      deleteData: false,
    });
    expect(plan.stacks).toEqual([]);
    expect(plan.left.map(({ logicalId }) => logicalId)).toEqual(['Bucket', 'Db']);
  });

  it.each([
    'DELETE_IN_PROGRESS',
    'DELETE_FAILED',
    'ROLLBACK_COMPLETE',
    'REVIEW_IN_PROGRESS',
    'UPDATE_IN_PROGRESS',
  ])('takes up a stack in %s', async (status) => {
    const on = cloud();
    on.put('lakerunner-common', status);
    await run(on);
    expect(on.stacks.size).toBe(0);
  });

  it('names what the rollback of a creation kept, and nothing that it deleted', async () => {
    const on = new FakeCloud();
    on.put('lakerunner-common', 'ROLLBACK_COMPLETE', {
      body: BODY,
      resources: [
        { ...resource('Bucket', 'AWS::S3::Bucket'), status: 'DELETE_SKIPPED' },
        { ...resource('Db', 'AWS::RDS::DBInstance'), status: 'DELETE_COMPLETE' },
      ],
    });
    on.buckets.set('the-Bucket', []);
    expect((await run(on)).left.map(({ logicalId }) => logicalId)).toEqual(['Bucket']);
  });

  it('does not touch anything when one of the stacks is not ours', async () => {
    const on = cloud();
    on.put('lakerunner-common', 'CREATE_COMPLETE', {
      tags: { 'lakewright:system': 'lakerunner', 'lakewright:env': 'prod' },
    });
    await expect(run(on)).rejects.toThrow(/belongs to lakerunner, environment prod/);
    expect(on.calls).toEqual([]);
  });

  it('deletes only what is named', async () => {
    const on = cloud();
    await run(on, { only: ['services'] });
    expect([...on.stacks.keys()]).toEqual(['lakerunner-vpc', 'lakerunner-common']);
  });

  it('names what could not be deleted, and goes no further', async () => {
    const on = cloud();
    on.endings['lakerunner-common'] = {
      status: 'DELETE_FAILED',
      events: [
        { logicalId: 'Queue', status: 'DELETE_FAILED', type: 'AWS::SQS::Queue', reason: 'AccessDenied' },
      ],
    };
    await expect(run(on)).rejects.toMatchObject({
      message: 'lakerunner-common ended as DELETE_FAILED. First Queue (AWS::SQS::Queue) failed: AccessDenied',
      hint: expect.stringContaining('lakewright aws policy'),
    });
    expect(on.calls).not.toContain('delete lakerunner-vpc');
  });
});
