import { describe, expect, it } from 'vitest';
import { FakeCloud } from '../../test/fake-cloud.ts';
import { smallTemplates } from '../../test/small-templates.ts';
import { givenBySet, LAKERUNNER, specOf, type TemplateFacts, updateImages } from '../index.ts';

const spec = specOf(LAKERUNNER, 'services', 'lakerunner');
const template = smallTemplates().get(spec.template) as TemplateFacts;
const OLD = { CommonInfraStackName: 'mine', GoServicesImage: 'old:1', QueryApiImage: 'old:1' };

function cloud(): FakeCloud {
  const on = new FakeCloud();
  // Made by hand: no tags of ours.
  on.put('my-services', 'CREATE_COMPLETE', {
    tags: { team: 'a' },
    body: template.body,
    parameters: { ...OLD },
  });
  return on;
}

function run(on: FakeCloud, set: string[] = [], image?: string, answer = true) {
  const given = set.map((text) => givenBySet(text, LAKERUNNER, 'lakerunner'));
  return updateImages(
    on.engine(),
    { stack: 'my-services', spec, template, image, given },
    async () => answer,
  );
}

describe('update-images', () => {
  it.each<[string[], string | undefined, object]>([
    [
      [],
      undefined,
      { GoServicesImage: 'public.example/lakewright:1', QueryApiImage: 'public.example/lakewright:1' },
    ],
    [[], 'ours:2', { GoServicesImage: 'ours:2', QueryApiImage: 'ours:2' }],
    [
      ['QueryApiImage=other:3'],
      undefined,
      { GoServicesImage: 'public.example/lakewright:1', QueryApiImage: 'other:3' },
    ],
  ])('with %j and image %j it moves the images and keeps everything else', async (set, image, images) => {
    const on = cloud();
    expect(await run(on, set, image)).toBe('updated');
    expect(on.stacks.get('my-services')).toMatchObject({
      parameters: { CommonInfraStackName: 'mine', ...images },
      tags: { team: 'a' },
      body: template.body,
    });
  });

  it('says unchanged the second time, and leaves no change set when the answer is no', async () => {
    const on = cloud();
    expect(await run(on, [], undefined, false)).toBeUndefined();
    expect([...on.sets]).toEqual([]);
    expect(on.stacks.get('my-services')?.parameters).toEqual(OLD);
    expect(await run(on)).toBe('updated');
    expect(await run(on)).toBe('unchanged');
  });

  it('leaves no change set when nobody can be asked', async () => {
    const on = cloud();
    const given = [givenBySet('GoServicesImage=x:1', LAKERUNNER, 'lakerunner')];
    const asked = { stack: 'my-services', spec, template, image: undefined, given };
    const nobody = () => Promise.reject(new Error('no terminal'));
    await expect(updateImages(on.engine(), asked, nobody)).rejects.toThrow('no terminal');
    expect([...on.sets]).toEqual([]);
  });

  it.each([
    ['ROLLBACK_COMPLETE', /there is no stack my-services/],
    ['UPDATE_ROLLBACK_FAILED', /UPDATE_ROLLBACK_FAILED/],
  ])('refuses a stack in %s', async (status, message) => {
    const on = cloud();
    on.put('my-services', status);
    await expect(run(on)).rejects.toThrow(message);
  });
});
