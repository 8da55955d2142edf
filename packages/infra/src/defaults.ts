import { readFileSync } from 'node:fs';
import { ConfigError, fieldsOf, isOrganization, messageOf } from '@lakewright/core';
import { parse } from 'yaml';
import { isFargateSize } from './fargate-sizes.ts';

/** Whose images can be asked for: each is the default of a parameter of its own. */
export const IMAGES = [
  ...(['setup', 'go_services', 'query_api', 'query_worker'] as const),
  ...(['otel_collector', 'sample_app', 'grafana_init', 'grafana'] as const),
] as const;

export type ImageName = (typeof IMAGES)[number];

/** What Lakerunner's own image runs in place of ours; `image` is what it runs by itself. */
export interface LakerunnerDefaults {
  readonly command: readonly string[] | 'image';
  readonly port?: number;
  /** What ECS asks in the container, `CMD` first; undefined where nothing can be asked. */
  readonly health?: readonly string[];
}

/** How a service is run. */
export interface ServiceDefaults {
  /** Units of Fargate: 1024 is one CPU. */
  readonly cpu: number;
  readonly memoryMib: number;
  readonly replicas: number;
  /** Where it serves, health apart. */
  readonly port?: number;
  /** What a load balancer asks for at `port`. */
  readonly healthCheckPath?: string;
  /** What ECS asks in the container, `CMD` first; undefined where nothing can be asked. */
  readonly health?: readonly string[];
  /** What our image runs; a stock image has none. */
  readonly command?: readonly string[];
  /** Undefined where Lakerunner's image has no such service. */
  readonly lakerunner?: LakerunnerDefaults;
  readonly environment: Readonly<Record<string, string>>;
}

/** What lakerunner-stack-defaults.yaml says. */
export interface StackDefaults {
  readonly organization: string;
  /** As YAML, with `${AWS_REGION}` and `${BUCKET_NAME}` where a stack puts its own. */
  readonly storageProfiles: readonly Readonly<Record<string, unknown>>[];
  readonly images: Readonly<Record<ImageName, string>>;
  /** What the name of an image of Lakerunner's own holds. */
  readonly lakerunnerMarker: string;
  /** The same for their OpenTelemetry collector. */
  readonly collectorMarker: string;
  readonly services: ReadonlyMap<string, ServiceDefaults>;
}

const FILE = new URL('../../../lakerunner-stack-defaults.yaml', import.meta.url);

/** The defaults of the repository. Throws ConfigError naming the field that cannot be used. */
export function stackDefaults(): StackDefaults {
  return parseDefaults(readFileSync(FILE, 'utf8'), 'lakerunner-stack-defaults.yaml');
}

/** Reads `text` of `file`. Throws ConfigError for a field that is unknown or missing, or means nothing. */
export function parseDefaults(text: string, file: string): StackDefaults {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  const sections = [
    'api_keys',
    'storage_profiles',
    'images',
    'lakerunner_marker',
    'collector_marker',
    'health',
    'services',
  ];
  const given = fieldsOf(document, file, sections);
  const { organization_id: organization } = fieldsOf(given.api_keys, `${file}: api_keys`, [
    'organization_id',
  ]);
  if (typeof organization !== 'string' || !isOrganization(organization)) {
    throw new ConfigError(`${file}: api_keys.organization_id is not a lower-case UUID`);
  }
  const { command, lakerunner } = fieldsOf(given.health, `${file}: health`, ['command', 'lakerunner']);
  const health = {
    ours: healthOf(command, `${file}: health.command`),
    lakerunners: healthOf(lakerunner, `${file}: health.lakerunner`),
  };
  return {
    organization,
    storageProfiles: profiles(given.storage_profiles, `${file}: storage_profiles`),
    images: images(given.images, `${file}: images`),
    lakerunnerMarker: textOf(given.lakerunner_marker, `${file}: lakerunner_marker`),
    collectorMarker: textOf(given.collector_marker, `${file}: collector_marker`),
    services: services(given.services, `${file}: services`, health),
  };
}

/** How the service is run that is called `name`. Throws ConfigError when the defaults have none. */
export function serviceDefaults({ services }: StackDefaults, name: string): ServiceDefaults {
  const found = services.get(name);
  if (found === undefined) throw new ConfigError(`lakerunner-stack-defaults.yaml has no service ${name}`);
  return found;
}

const PROFILE_FIELDS = [
  ...['organization_id', 'instance_num', 'collector_name', 'cloud_provider', 'region', 'bucket'],
  ...['insecure_tls', 'use_path_style', 'endpoint', 'role'],
];

function profiles(value: unknown, where: string): Record<string, unknown>[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new ConfigError(`${where} is not a list of profiles`);
  return value.map((profile, i) => fieldsOf(profile, `${where}[${i}]`, PROFILE_FIELDS));
}

function images(value: unknown, where: string): Record<ImageName, string> {
  const given = fieldsOf(value, where, IMAGES);
  const pairs = IMAGES.map((name) => [name, image(given[name], `${where}.${name}`)]);
  return Object.fromEntries(pairs) as Record<ImageName, string>;
}

/** A name that says which version: what `latest` is, changes under an install. */
function image(value: unknown, where: string): string {
  const name = textOf(value, where);
  if (/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(name)) return name;
  throw new ConfigError(`${where} names no version`, {
    hint: 'end it with :TAG, not latest, or @sha256:DIGEST',
  });
}

const SERVICE_FIELDS = [
  ...['cpu', 'memory_mib', 'replicas', 'port', 'health_check_path', 'health'],
  ...['command', 'lakerunner', 'environment'],
];

/** What is asked where a service says nothing else. */
interface Health {
  readonly ours: readonly string[];
  readonly lakerunners: readonly string[];
}

function services(value: unknown, where: string, health: Health): Map<string, ServiceDefaults> {
  if (typeof value !== 'object' || value === null) throw new ConfigError(`${where} is not a mapping`);
  return new Map(
    Object.entries(value).map(([name, entry]) => [name, service(entry, `${where}.${name}`, health)]),
  );
}

function service(value: unknown, where: string, health: Health): ServiceDefaults {
  const given = fieldsOf(value, where, SERVICE_FIELDS);
  const cpu = whole(given.cpu, `${where}.cpu`);
  const memoryMib = whole(given.memory_mib, `${where}.memory_mib`);
  if (!isFargateSize(cpu, memoryMib)) {
    throw new ConfigError(`${where}: Fargate has no ${cpu} CPU units with ${memoryMib} MiB`);
  }
  const { port, health_check_path: path, command, lakerunner } = given;
  return {
    ...{ cpu, memoryMib, replicas: whole(given.replicas, `${where}.replicas`) },
    ...(port === undefined ? {} : { port: whole(port, `${where}.port`) }),
    ...(path === undefined ? {} : { healthCheckPath: textOf(path, `${where}.health_check_path`) }),
    ...(given.health === 'none' ? {} : { health: healthOf(given.health ?? health.ours, `${where}.health`) }),
    ...(command === undefined ? {} : { command: words(command, `${where}.command`) }),
    ...(lakerunner === undefined
      ? {}
      : { lakerunner: ofLakerunner(lakerunner, `${where}.lakerunner`, health) }),
    environment: environment(given.environment ?? {}, `${where}.environment`),
  };
}

function ofLakerunner(value: unknown, where: string, { lakerunners }: Health): LakerunnerDefaults {
  const { command, port, health = lakerunners } = fieldsOf(value, where, ['command', 'port', 'health']);
  return {
    ...(health === 'none' ? {} : { health: healthOf(health, `${where}.health`) }),
    command: command === 'image' ? command : words(command, `${where}.command`),
    ...(port === undefined ? {} : { port: whole(port, `${where}.port`) }),
  };
}

function environment(value: unknown, where: string): Record<string, string> {
  if (typeof value !== 'object' || value === null) throw new ConfigError(`${where} is not a mapping`);
  for (const [name, text] of Object.entries(value)) textOf(text, `${where}.${name}`);
  return value as Record<string, string>;
}

function healthOf(value: unknown, where: string): string[] {
  const command = words(value, where);
  if (command.length > 1 && (command[0] === 'CMD' || command[0] === 'CMD-SHELL')) return command;
  throw new ConfigError(`${where} does not begin with CMD or CMD-SHELL, as ECS wants it`);
}

function words(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new ConfigError(`${where} is not a list of words`);
  return value.map((word, i) => textOf(word, `${where}[${i}]`));
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigError(`${where} is not a text`, { hint: 'put numbers in quotes' });
}

function whole(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConfigError(`${where} is not a whole number`);
}
