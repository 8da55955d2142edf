import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { REPOSITORY } from '../runtime.ts';

/** A container of the generated templates that runs our image. */
export interface ContainerDefinition {
  /** Template and logical id of the task definition, and the container's name. */
  readonly name: string;
  /** Undefined: the image's own. */
  readonly command: readonly string[] | undefined;
  /** Without its CMD; a CMD-SHELL is one of `sh`. Undefined: none. */
  readonly health: readonly string[] | undefined;
  readonly ports: readonly number[];
  readonly user: string | undefined;
  readonly readonlyRoot: boolean;
  readonly mounts: readonly string[];
  /** Values of the template itself; undefined where they are another resource's, or a secret. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly stopTimeout: number;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

interface Template {
  readonly Parameters?: Readonly<Record<string, { Default?: unknown }>>;
  readonly Resources: Readonly<Record<string, { Type: string; Properties?: { [key: string]: Json } }>>;
}

const OURS = /\/lakewright:/;
const DEFAULT_STOP_TIMEOUT = 30;

/** Every container of the templates whose image is, by default, ours; of conditions the one that is not met. */
export function ourContainers(): ContainerDefinition[] {
  const files = globSync(join(REPOSITORY, 'generated-templates/*.yaml')).sort();
  // A template under a second name is the same text.
  const templates = new Map(files.map((file) => [readFileSync(file, 'utf8'), basename(file, '.yaml')]));
  return [...templates].flatMap(([text, name]) => containersOf(parse(text) as Template, name));
}

function containersOf({ Parameters = {}, Resources }: Template, template: string): ContainerDefinition[] {
  const imageOf = (image: Json): string =>
    typeof image === 'string' ? image : String(Parameters[String(fieldsOf(image).Ref)]?.Default ?? '');
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::ECS::TaskDefinition')
    .flatMap(([id, { Properties = {} }]) =>
      listOf(unconditional(Properties.ContainerDefinitions))
        .map(fieldsOf)
        .filter(({ Image }) => OURS.test(imageOf(Image)))
        .map((container) => definitionOf(container, `${template} ${id}`)),
    );
}

function definitionOf(container: { [key: string]: Json }, owner: string): ContainerDefinition {
  const { Command, HealthCheck, PortMappings, User, MountPoints, Environment, Secrets } = container;
  const health = HealthCheck === undefined ? undefined : textsOf(fieldsOf(HealthCheck).Command);
  return {
    name: `${owner} ${String(container.Name)}`,
    command: Command === undefined ? undefined : textsOf(Command),
    health: health?.[0] === 'CMD-SHELL' ? ['sh', '-c', health[1]] : health?.slice(1),
    ports: listOf(PortMappings).map((mapping) => Number(fieldsOf(mapping).ContainerPort)),
    user: User === undefined ? undefined : String(User),
    readonlyRoot: container.ReadonlyRootFilesystem === true,
    mounts: listOf(MountPoints).map((mount) => String(fieldsOf(mount).ContainerPath)),
    environment: new Map([
      ...listOf(Environment).map((entry): [string, string | undefined] => {
        const { Name, Value } = fieldsOf(entry);
        return [String(Name), typeof Value === 'object' ? undefined : String(Value)];
      }),
      ...listOf(Secrets).map((entry): [string, undefined] => [String(fieldsOf(entry).Name), undefined]),
    ]),
    stopTimeout: Number(container.StopTimeout ?? DEFAULT_STOP_TIMEOUT),
  };
}

const NO_VALUE = Symbol('AWS::NoValue');

/** `value` with the second branch of every condition: no optional parameter is given, and the image is ours. */
function unconditional(value: Json | undefined): Json | undefined {
  const resolved = resolve(value ?? null);
  return resolved === NO_VALUE || resolved === null ? undefined : (resolved as Json);
}

function resolve(value: Json): Json | typeof NO_VALUE {
  if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== NO_VALUE) as Json[];
  if (typeof value !== 'object' || value === null) return value;
  if (value.Ref === 'AWS::NoValue') return NO_VALUE;
  if (Array.isArray(value['Fn::If'])) return resolve(value['Fn::If'][2]);
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE)) as Json;
}

function fieldsOf(value: Json): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const textsOf = (value: Json | undefined): string[] => listOf(value).map(String);
