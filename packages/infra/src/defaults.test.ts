import { ConfigError } from '@lakewright/core';
import { describe, expect, it, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { IMAGES, parseDefaults, serviceDefaults, stackDefaults } from './defaults.ts';
import { isFargateSize } from './fargate-sizes.ts';

const SERVICE = { cpu: 256, memory_mib: 512, replicas: 1, command: ['lakewright', 'service', 'x'] };

function valid(): Record<string, unknown> {
  return {
    api_keys: { organization_id: '12340000-0000-4000-8000-000000000000' },
    storage_profiles: [{ organization_id: '12340000-0000-4000-8000-000000000000', bucket: 'b' }],
    images: Object.fromEntries(IMAGES.map((name) => [name, 'registry.example:5000/a/b:1.0'])),
    lakerunner_marker: 'example.io/lakerunner',
    collector_marker: 'example.io/collector',
    health: { command: ['CMD', 'ask'], lakerunner: ['CMD', 'theirs'] },
    services: { one: SERVICE },
  };
}

const parsed = (document: unknown) => parseDefaults(stringify(document), 'defaults.yaml');

describe('parseDefaults', () => {
  it('reads a service', () => {
    const document = valid();
    document.services = {
      api: {
        ...SERVICE,
        ...{ port: 80, health_check_path: '/ready', environment: { A: 'b' } },
        lakerunner: { command: 'image', port: 81 },
      },
    };
    expect(serviceDefaults(parsed(document), 'api')).toEqual({
      ...{ cpu: 256, memoryMib: 512, replicas: 1, command: SERVICE.command },
      ...{ port: 80, healthCheckPath: '/ready', environment: { A: 'b' } },
      health: ['CMD', 'ask'],
      lakerunner: { command: 'image', port: 81, health: ['CMD', 'theirs'] },
    });
  });

  const service = (fields: object) => (document: Record<string, unknown>) => {
    document.services = { one: { ...SERVICE, ...fields } };
  };
  const image = (name: string) => (document: Record<string, unknown>) => {
    document.images = { ...(document.images as object), grafana: name };
  };
  test.each<[string, (document: Record<string, unknown>) => void, RegExp]>([
    ['an unknown section', (d) => Object.assign(d, { image: {} }), /unknown field "image"/],
    [
      'an unknown image',
      (d) => Object.assign(d.images as object, { msk: 'x:1' }),
      /images has an unknown field/,
    ],
    ['no tag', image('grafana/grafana'), /images\.grafana names no version/],
    ['a port for a tag', image('registry.example:5000/grafana'), /names no version/],
    ['latest', image('grafana/grafana:latest'), /names no version/],
    [
      'a key',
      (d) => Object.assign(d.api_keys as object, { keys: ['secret'] }),
      /api_keys has an unknown field/,
    ],
    ['an unknown field', service({ memory: 1 }), /services\.one has an unknown field "memory"/],
    ['no such task', service({ cpu: 256, memory_mib: 4096 }), /Fargate has no 256 CPU units with 4096 MiB/],
    ['a fraction', service({ replicas: 1.5 }), /services\.one\.replicas is not a whole number/],
    ['a command as text', service({ command: 'lakewright' }), /command is not a list of words/],
    ['a health command of no kind', service({ health: ['curl', '/'] }), /health does not begin with CMD/],
    ['a number for a text', service({ environment: { N: 8 } }), /environment\.N is not a text/],
    ['no profiles', (d) => Object.assign(d, { storage_profiles: [] }), /not a list of profiles/],
  ])('refuses %s', (_what, spoil, message) => {
    const document = valid();
    spoil(document);
    const attempt = () => parsed(document);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow(/secret/);
  });

  it('refuses what is not YAML, naming the file', () => {
    expect(() => parseDefaults('a: [', 'defaults.yaml')).toThrow(/^defaults\.yaml is not YAML/);
  });
});

describe('the defaults of the repository', () => {
  const defaults = stackDefaults();

  it('put the region and the bucket of a stack into its profiles', () => {
    const profile = parse(stringify(defaults.storageProfiles))[0];
    expect(profile).toMatchObject({
      organization_id: defaults.organization,
      region: '$' + '{AWS_REGION}',
      bucket: '$' + '{BUCKET_NAME}',
    });
  });

  it('run our image with lakewright, and Grafana as it is', () => {
    for (const [name, { command }] of defaults.services) {
      if (name === 'grafana') expect(command).toBeUndefined();
      else expect(command?.[0], name).toBe('lakewright');
    }
  });
});

describe('isFargateSize', () => {
  test.each([
    [256, 512, true],
    [256, 1024, true],
    [256, 3072, false],
    [512, 512, false],
    [512, 4096, true],
    [1024, 2048, true],
    [1024, 2500, false],
    [4096, 30720, true],
    [8192, 18432, false],
    [8192, 20480, true],
    [16384, 122880, true],
    [16384, 131072, false],
    [300, 512, false],
  ])('%i units with %i MiB: %s', (cpu, memory, expected) => {
    expect(isFargateSize(cpu, memory)).toBe(expected);
  });
});
