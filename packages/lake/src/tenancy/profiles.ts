import { ConfigError, fieldsOf, isOrganization } from '@lakewright/core';
import { parse } from 'yaml';

/** Where an organization's objects are. */
export interface StorageProfile {
  readonly organization: string;
  /** The lowest of an organization's profiles is where its segments are made. */
  readonly instance: number;
  readonly collector: string;
  readonly bucket: string;
  readonly region: string | undefined;
  /** Another service than AWS that speaks S3's protocol. */
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
  readonly insecureTls: boolean;
  /** ARN of the role with which the bucket is used; the process's own credentials where there is none. */
  readonly role: string | undefined;
}

const FIELDS = [
  'organization_id',
  'instance_num',
  'collector_name',
  'cloud_provider',
  'region',
  'bucket',
  'endpoint',
  'use_path_style',
  'insecure_tls',
  'role',
];
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;
const WHERE = 'storage profiles';

/**
 * Reads storage profiles from YAML, a list of `{organization_id, instance_num, collector_name, cloud_provider,
 * region, bucket, endpoint, use_path_style, insecure_tls, role}` of which the organization and the bucket must
 * be there. Throws ConfigError naming the entry and the field, for one organization with two profiles of one
 * number, and for one bucket that is described in two ways.
 */
export function parseStorageProfiles(yamlText: string): StorageProfile[] {
  let document: unknown;
  try {
    document = parse(yamlText);
  } catch (error) {
    throw new ConfigError(`${WHERE}: not YAML`, { cause: error });
  }
  if (!Array.isArray(document) || document.length === 0) {
    throw new ConfigError(`${WHERE}: expected a list of profiles`, {
      hint: 'write a list of {organization_id: <UUID>, bucket: <name>, region: <region>}',
    });
  }
  const profiles = document.map((entry, i) => profileOf(entry, `${WHERE}[${i}]`));
  checkTogether(profiles);
  return profiles;
}

function profileOf(entry: unknown, where: string): StorageProfile {
  const given = new Fields(fieldsOf(entry, where, FIELDS), where);
  const provider = given.text('cloud_provider') ?? 'aws';
  if (provider !== 'aws') {
    throw new ConfigError(`${where}.cloud_provider is ${provider}; only aws is there`, {
      hint: 'a store that speaks the protocol of S3 is aws with an endpoint',
    });
  }
  const organization = given.text('organization_id')?.toLowerCase() ?? '';
  if (!isOrganization(organization)) throw new ConfigError(`${where}.organization_id is not a UUID`);
  const bucket = given.text('bucket') ?? '';
  if (!BUCKET.test(bucket)) throw new ConfigError(`${where}.bucket is not the name of a bucket`);
  const role = given.text('role');
  if (role !== undefined && !ROLE.test(role)) throw new ConfigError(`${where}.role is not the ARN of a role`);
  const endpoint = given.text('endpoint');
  if (endpoint !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(endpoint)) {
    throw new ConfigError(`${where}.endpoint is not a URL like http://127.0.0.1:9000`);
  }
  return {
    organization,
    instance: given.integer('instance_num') ?? 1,
    collector: given.text('collector_name') ?? 'default',
    bucket,
    region: given.text('region'),
    endpoint,
    pathStyle: given.flag('use_path_style') ?? endpoint !== undefined,
    insecureTls: given.flag('insecure_tls') ?? false,
    role,
  };
}

/** The fields of one entry; an empty text is as good as none. */
class Fields {
  readonly #given: Record<string, unknown>;
  readonly #where: string;

  constructor(given: Record<string, unknown>, where: string) {
    this.#given = given;
    this.#where = where;
  }

  text(name: string): string | undefined {
    const value = this.#given[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    throw new ConfigError(`${this.#where}.${name} is not a text`);
  }

  integer(name: string): number | undefined {
    const value = this.#given[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 32_768) return value;
    throw new ConfigError(`${this.#where}.${name} is not an integer from 0 to 32767`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#given[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'boolean') return value;
    throw new ConfigError(`${this.#where}.${name} is not true or false`);
  }
}

/** How the bucket of a profile is used: equal for all of one bucket, since a process opens it once. */
export function howOf({ region, endpoint, pathStyle, insecureTls, role }: StorageProfile): string {
  return JSON.stringify([region, endpoint, pathStyle, insecureTls, role]);
}

function checkTogether(profiles: readonly StorageProfile[]): void {
  const numbers = new Map<string, number>();
  const buckets = new Map<string, string>();
  for (const [i, profile] of profiles.entries()) {
    const number = `${profile.organization} ${profile.instance}`;
    if (numbers.has(number)) {
      throw new ConfigError(`${WHERE}[${i}] has the organization and number of [${numbers.get(number)}]`, {
        hint: 'give each profile of an organization an instance_num of its own',
      });
    }
    numbers.set(number, i);
    const how = howOf(profile);
    if ((buckets.get(profile.bucket) ?? how) !== how) {
      throw new ConfigError(`${WHERE}[${i}] describes bucket ${profile.bucket} in another way than before`, {
        hint: 'say the same region, endpoint, use_path_style, insecure_tls and role wherever it is named',
      });
    }
    buckets.set(profile.bucket, how);
  }
}
