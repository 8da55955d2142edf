import { ConfigError } from '@lakewright/core';
import { describe, expect, it, test } from 'vitest';
import { placesOf } from './places.ts';
import { parseStorageProfiles } from './profiles.ts';

const A = '11110000-0000-4000-8000-000000000000';
const B = '22220000-0000-4000-8000-000000000000';

describe('parseStorageProfiles', () => {
  it('reads every field', () => {
    const [profile] = parseStorageProfiles(`
- organization_id: ${A.toUpperCase()}
  instance_num: 2
  collector_name: lakerunner
  cloud_provider: aws
  region: eu-west-1
  bucket: acme-telemetry
  endpoint: http://127.0.0.1:9000
  use_path_style: false
  insecure_tls: true
  role: arn:aws:iam::123456789012:role/lake/reader
`);
    expect(profile).toEqual({
      organization: A,
      instance: 2,
      collector: 'lakerunner',
      region: 'eu-west-1',
      bucket: 'acme-telemetry',
      endpoint: 'http://127.0.0.1:9000',
      pathStyle: false,
      insecureTls: true,
      role: 'arn:aws:iam::123456789012:role/lake/reader',
    });
  });

  it('needs an organization and a bucket alone; an empty role is none', () => {
    const [profile] = parseStorageProfiles(`[{organization_id: ${A}, bucket: acme, role: ""}]`);
    expect(profile).toEqual({
      organization: A,
      instance: 1,
      collector: 'default',
      region: undefined,
      bucket: 'acme',
      endpoint: undefined,
      pathStyle: false,
      insecureTls: false,
      role: undefined,
    });
  });

  test.each([
    ['{', /not YAML/],
    ['', /expected a list/],
    ['[]', /expected a list/],
    ['organization_id: x', /expected a list/],
    [`[{bucket: acme}]`, /\[0\].organization_id/],
    [`[{organization_id: ${A}}]`, /\[0\].bucket/],
    [`[{organization_id: ${A}, bucket: Acme}]`, /\[0\].bucket/],
    [`[{organization_id: ${A}, bucket: acme, colour: red}]`, /unknown field "colour"/],
    [`[{organization_id: ${A}, bucket: acme, instance_num: 1.5}]`, /instance_num/],
    [`[{organization_id: ${A}, bucket: acme, use_path_style: "yes"}]`, /use_path_style/],
    [`[{organization_id: ${A}, bucket: acme, cloud_provider: gcp}]`, /only aws/],
    [`[{organization_id: ${A}, bucket: acme, role: admin}]`, /role/],
    [`[{organization_id: ${A}, bucket: acme, endpoint: "http://a:b@c"}]`, /endpoint/],
    [`[{organization_id: ${A}, bucket: a11}, {organization_id: ${A}, bucket: b22}]`, /number of \[0\]/],
    [
      `[{organization_id: ${A}, bucket: a11}, {organization_id: ${B}, bucket: a11, region: x}]`,
      /another way/,
    ],
  ])('%s is refused', (yaml, message) => {
    expect(() => parseStorageProfiles(yaml)).toThrow(ConfigError);
    expect(() => parseStorageProfiles(yaml)).toThrow(message);
  });
});

describe('placesOf', () => {
  const places = placesOf(
    parseStorageProfiles(`
- {organization_id: ${A}, bucket: shared}
- {organization_id: ${B}, bucket: shared, instance_num: 5}
- {organization_id: ${B}, bucket: beta, instance_num: 2}
`),
  );

  it('makes a place of each bucket, open to its organizations', () => {
    expect(places.all).toEqual([
      { base: 's3://shared/', organizations: new Set([A, B]), dropsBelongTo: undefined },
      { base: 's3://beta/', organizations: new Set([B]), dropsBelongTo: B },
    ]);
    expect(places.of('s3://beta/otel-raw/x')?.base).toBe('s3://beta/');
    expect(places.of('s3://beta2/otel-raw/x')).toBeUndefined();
  });

  it('puts what is made in the bucket of the lowest number', () => {
    expect(places.baseOf(A)).toBe('s3://shared/');
    expect(places.baseOf(B)).toBe('s3://beta/');
    expect(() => places.baseOf('33330000-0000-4000-8000-000000000000')).toThrow(/no storage profile/);
  });
});
