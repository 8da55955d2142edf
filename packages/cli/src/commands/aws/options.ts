import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BadInputError, ConfigError, messageOf } from '@lakewright/core';
import type { DeployRequest, GivenValue, System, TemplateFacts } from '@lakewright/deploy';
import { Argument, type Command, Option } from 'commander';
import { UsageError } from '../../errors.ts';

/** What every command about a system in an account is told. */
export interface PlaceOptions {
  readonly env: string;
  readonly layout: 'stacks' | 'root';
  readonly region?: string;
}

/** What is wanted of a deployment. */
export interface WantedOptions extends PlaceOptions {
  readonly templates: string;
  readonly templateBucket?: string;
  readonly vpc?: string;
  readonly with?: string;
  readonly only?: string;
  readonly estimate?: boolean;
  readonly image?: string;
  readonly set?: readonly string[];
  readonly params?: readonly string[];
}

const TEMPLATES = fileURLToPath(new URL('../../../../../generated-templates', import.meta.url));
const VPC = /^(new|vpc-[0-9a-f]+)$/;

export function systemArgument(): Argument {
  return new Argument('<system>', 'what is deployed').choices(['lakerunner']);
}

/** Which install, and where. */
export function addInstallOptions(command: Command): Command {
  return addRegionOption(
    command.option('--env <name>', 'environment: the first part of the names of its stacks', 'lakerunner'),
  );
}

export function addRegionOption(command: Command): Command {
  return command.option('--region <region>', "default: AWS_REGION, AWS_DEFAULT_REGION, then the profile's");
}

export function addPlaceOptions(command: Command): Command {
  return addInstallOptions(command).addOption(
    new Option('--layout <layout>', 'one stack beside the other, or one with the others inside')
      .choices(['stacks', 'root'])
      .default('stacks'),
  );
}

export function addTemplatesOption(command: Command): Command {
  return command.addOption(
    new Option('--templates <directory>', 'where the templates are').default(
      TEMPLATES,
      'generated-templates',
    ),
  );
}

export function addWantedOptions(command: Command): Command {
  return addParameterOptions(addTemplatesOption(addPlaceOptions(command)))
    .option('--vpc <new|id>', 'make a VPC, or use this one. Default: as it is, and a new one at first')
    .option(
      '--with <stacks>',
      'optional stacks, with commas: grafana,collector,demo or none. Default: grafana,collector and what is there',
    )
    .option('--template-bucket <bucket>', 'where --layout root puts its templates for CloudFormation')
    .option('--only <stacks>', 'these stacks alone, with commas')
    .option('--image <reference>', 'our image in a registry of yours, for all that runs it')
    .option('--estimate', 'say what a month of the stacks costs, by list prices');
}

export function addParameterOptions(command: Command): Command {
  return command
    .option('--set <name=value>', 'a parameter, or STACK.NAME=VALUE for one stack; can be repeated', collect)
    .option(
      '--params <file>',
      "parameters: the aws command's list in JSON, or a map in YAML; can be repeated",
      collect,
    );
}

/** The request that the options make. Values of --set count more than those of files. */
export async function requestOf(options: WantedOptions): Promise<DeployRequest> {
  const { specOf } = await import('@lakewright/deploy');
  const system = await systemOf(options);
  const { env: environment, vpc } = options;
  if (options.layout === 'root' && options.templateBucket === undefined) {
    throw new UsageError(
      '--layout root needs --template-bucket: CloudFormation reads the inner templates from S3',
      {
        hint: 'name a bucket of yours in the region of the install',
      },
    );
  }
  if (options.layout === 'root' && options.with !== undefined) {
    throw new UsageError('--with is for stacks beside one another', {
      hint: 'use --set CreateGrafana=No, --set CreateCollector=No, --set CreateDemoApps=Yes',
    });
  }
  if (vpc !== undefined && !VPC.test(vpc)) {
    throw new UsageError(
      `--vpc is new or the id of a VPC, like vpc-0a1b2c3d, and not ${JSON.stringify(vpc)}`,
    );
  }
  return usage(async () => {
    const keysOf = (words: string) =>
      words.split(',').map((word) => specOf(system, word.trim(), environment));
    return {
      system,
      environment,
      templates: await readTemplates(options.templates),
      given: await givenOf(options, system),
      image: options.image,
      vpc,
      with:
        options.with === undefined
          ? undefined
          : options.with === 'none'
            ? []
            : optional(keysOf(options.with)),
      only: options.only === undefined ? undefined : keysOf(options.only).map(({ key }) => key),
    };
  });
}

/** The system in the layout that was chosen. */
export async function systemOf({ layout, env }: Pick<PlaceOptions, 'env' | 'layout'>): Promise<System> {
  const { checkEnvironment, LAKERUNNER, LAKERUNNER_ROOT } = await import('@lakewright/deploy');
  await usage(async () => checkEnvironment(env));
  return layout === 'root' ? LAKERUNNER_ROOT : LAKERUNNER;
}

function optional(specs: readonly { key: string; when: string }[]): string[] {
  const always = specs.find(({ when }) => when !== 'asked for');
  if (always === undefined) return specs.map(({ key }) => key);
  throw new BadInputError(`--with ${always.key}: it is no optional stack`, {
    hint: 'grafana, collector and demo are',
  });
}

export async function givenOf(
  { env, set = [], params = [] }: Pick<WantedOptions, 'env' | 'set' | 'params'>,
  system: System,
): Promise<GivenValue[]> {
  const { givenByFile, givenBySet } = await import('@lakewright/deploy');
  const given: GivenValue[] = [];
  for (const file of params) given.push(...givenByFile(file, await text(file), system, env));
  for (const word of set) given.push(givenBySet(word, system, env));
  return given;
}

/** The parameters that say what is brought, by name: for one stack or for all of them, they mean the same. */
export async function broughtValues(
  options: Pick<WantedOptions, 'env' | 'set' | 'params'>,
): Promise<Record<string, string>> {
  const { checkEnvironment, LAKERUNNER } = await import('@lakewright/deploy');
  checkEnvironment(options.env);
  const given = await givenOf(options, LAKERUNNER);
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}

/** Every template of a directory, by file name. */
export async function readTemplates(directory: string): Promise<Map<string, TemplateFacts>> {
  const { templateFacts } = await import('@lakewright/deploy');
  const files = await readdir(directory).catch((error: unknown) => {
    throw new ConfigError(`cannot read the templates of ${directory}: ${messageOf(error)}`, {
      hint: 'make them with `lakewright synth`, or name their directory with --templates',
    });
  });
  const templates = new Map<string, TemplateFacts>();
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    templates.set(file, templateFacts(file, await readFile(join(directory, file), 'utf8')));
  }
  return templates;
}

/** Runs `work`; what it finds wrong with the command line ends with the code for that. */
export async function usage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadInputError) throw new UsageError(error.message, { hint: error.hint });
    throw error;
  }
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  });
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
