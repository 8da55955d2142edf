import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import {
  ConfigError,
  DEFAULT_ORGANIZATION,
  fieldsOf,
  isOrganization,
  type LimitBook,
  messageOf,
  parseRules,
  type Rule,
  type Secrets,
} from '@lakewright/core';
import { parse } from 'yaml';
import { type LakeConfig, parseLake } from './lake-config.ts';
import { parseLimits } from './limits/parse.ts';
import { isReference } from './source.ts';

export type { LakeConfig } from './lake-config.ts';

/** What `lakewright.yaml` says. */
export interface Config {
  /** The file, for messages and to follow; undefined where the text came from elsewhere or the defaults hold. */
  readonly file: string | undefined;
  /** The fields of `refine` that the file says, the others being defaults. */
  readonly said: ReadonlySet<string>;
  /** Where paths in the file begin. */
  readonly directory: string;
  readonly refine: RefineConfig;
  readonly lake: LakeConfig;
  /** What organizations may do, as the file says it now; `watchLimits` follows it. */
  readonly limits: LimitBook;
}

export interface RefineConfig {
  /** The S3 bucket of the aws profile; on one machine, what messages call the object store. */
  readonly bucket: string;
  /** How the names of queues, functions and repositories on AWS begin. */
  readonly namespace: string;
  /** Whose API keys may use the rule sets of a local lake. */
  readonly organization: string;
  readonly rules: readonly Rule[];
}

const FILE = 'lakewright.yaml';
const FIELDS = ['bucket', 'namespace', 'organization', 'rules'];
const NAMESPACE = /^[a-z][a-z0-9-]{0,31}$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `file`, or `lakewright.yaml` in the working directory when none is named. Where that is not there, one
 * rule runs: the hello-world handler below `RefinerInput/`. With `secrets`, a reference to one of them (`env:NAME`) may
 * stand for a file; paths in it begin at the working directory. Throws ConfigError naming the file and the field,
 * and NotFoundError for a reference to nothing.
 */
export async function loadConfig(file: string | undefined, secrets?: Secrets): Promise<Config> {
  if (file !== undefined && secrets !== undefined && isReference(file, secrets)) {
    const config = parseConfig(await secrets.get(file), file);
    return { ...config, file: undefined, directory: resolve('.') };
  }
  const path = resolve(file ?? FILE);
  const text = await readConfig(path, file !== undefined);
  if (text === undefined) return { file: undefined, directory: dirname(path), ...parseSections({}, FILE) };
  return parseConfig(text, path);
}

/** What `text`, read from `path`, says. Throws ConfigError as `loadConfig` does. */
export function parseConfig(text: string, path: string): Config {
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (error) {
    throw new ConfigError(`${path} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  return { file: path, directory: dirname(path), ...parseSections(document, path) };
}

function parseSections(document: unknown, file: string): Pick<Config, 'said' | 'refine' | 'lake' | 'limits'> {
  const sections = fieldsOf(document, file, ['refine', 'lake', 'limits']);
  const { refine = {}, lake = {}, limits = {} } = sections;
  const parsed = {
    refine: parseRefine(refine, file),
    lake: parseLake(lake, file),
    limits: parseLimits(limits, file, basename(file)),
  };
  return { said: new Set(Object.keys(refine as object)), ...parsed };
}

async function readConfig(path: string, named: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`the configuration ${path} cannot be read: ${messageOf(error)}`, {
      hint: 'name another file with --config or LAKEWRIGHT_CONFIG',
      cause: error,
    });
  }
}

function parseRefine(value: unknown, file: string): RefineConfig {
  const where = `${file}: refine`;
  const given = fieldsOf(value, where, FIELDS);
  const {
    bucket = 'data-repository',
    namespace = 'dibbs-ecr',
    organization = DEFAULT_ORGANIZATION,
    rules = [{ name: 'Refiner' }],
  } = given;
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) {
    throw new ConfigError(`${where}.bucket is not the name of a bucket`, {
      hint: 'use 3 to 63 lower-case letters, digits, "." and "-"',
    });
  }
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
    throw new ConfigError(`${where}.namespace is not a name`, {
      hint: 'use 1 to 32 lower-case letters, digits and "-", a letter first',
    });
  }
  if (typeof organization !== 'string' || !isOrganization(organization)) {
    throw new ConfigError(`${where}.organization is not a lower-case UUID`);
  }
  return { bucket, namespace, organization, rules: parseRules(rules, `${where}.rules`) };
}
