import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, messageOf } from '@lakewright/core';
import type { Command } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../context.ts';

interface SynthOptions {
  check?: boolean;
  out: string;
}

export function addSynth(program: Command, context: CommandContext): void {
  program
    .command('synth')
    .description('write the CloudFormation templates; with --check, say whether they are what is written')
    .option('--check', 'write nothing, and exit with 1 when a template is not what synth would write')
    .option('--out <directory>', 'where they are', 'generated-templates')
    .action((options: SynthOptions, command: Command) => synth(context, command, options));
}

async function synth(context: CommandContext, command: Command, options: SynthOptions): Promise<void> {
  const { terminal } = context;
  const { drift, synthesize } = await infra();
  const { out, check = false } = options;
  const made = synthesize();
  const differences = drift(made, await templatesIn(out));
  if (check) {
    if (differences.size > 0) context.fail();
  } else {
    await mkdir(out, { recursive: true });
    for (const [file, what] of differences) {
      const path = join(out, file);
      if (what === 'left over') await rm(path);
      else await writeFile(path, made.get(file) as string);
    }
  }
  if (globalOptions(command).json) {
    return printJson(terminal, {
      templates: [...made].map(([file, text]) => ({ file, bytes: Buffer.byteLength(text) })),
      differences: [...differences].map(([file, drift]) => ({ file, drift })),
      written: !check,
    });
  }
  const print = check && differences.size > 0 ? terminal.err : terminal.out;
  for (const [file, what] of differences) print(`${join(out, file)}: ${check ? what : DONE[what]}\n`);
  if (differences.size === 0) terminal.out(`${made.size} templates in ${out} are up to date\n`);
  else if (check) terminal.err('run `lakewright synth` and commit what it writes\n');
}

const DONE = { missing: 'written', changed: 'written', 'left over': 'removed' } as const;

/** The templates' own package, which needs the CDK: what only runs a lake has neither. */
async function infra(): Promise<typeof import('@lakewright/infra')> {
  try {
    return await import('@lakewright/infra');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ConfigError(`templates cannot be made here: ${messageOf(error).split('\n')[0]}`, {
      hint: 'install the development dependencies, aws-cdk-lib among them, with `npm ci`; nobody needs them to deploy generated-templates/',
      cause: error,
    });
  }
}

/** The texts of the YAML files of `directory`, none when it is not there. */
async function templatesIn(directory: string): Promise<Map<string, string>> {
  try {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml'));
    const pairs = files.map(async (file) => [file, await readFile(join(directory, file), 'utf8')] as const);
    return new Map(await Promise.all(pairs));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new ConfigError(`${directory} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
