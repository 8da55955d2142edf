import { basename } from 'node:path';
import type { Command } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { humanBytes } from '../../format.ts';
import { inputFile } from '../../refine/files.ts';
import { addRuleSetOptions, openRuleSet, type RefineOptions } from '../../refine/open.ts';
import { printable } from '../../terminal.ts';

interface PushOptions extends RefineOptions {
  key?: string;
}

const PROGRESS_MS = 1000;

export function addPush(refine: Command, context: CommandContext): void {
  addRuleSetOptions(
    refine
      .command('push')
      .argument('<file...>', 'files to put below the input prefix')
      .option('--key <path>', 'path below the input prefix, instead of the name of the one file')
      .description('hand files to a rule'),
  ).action((files: string[], options: PushOptions, command: Command) =>
    push(context, command, files, options),
  );
}

async function push(
  context: CommandContext,
  command: Command,
  paths: readonly string[],
  options: PushOptions,
): Promise<void> {
  if (options.key !== undefined && paths.length > 1)
    throw new UsageError('--key names one file, not several');
  const names = paths.map((path) => options.key?.replace(/^\/+/, '') ?? basename(path));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`two files are called ${twice}: the second would replace the first`);
  const files = await Promise.all(paths.map(inputFile));
  const set = await openRuleSet(context, command, options);
  const { terminal } = context;
  const json = globalOptions(command).json === true;
  for (const [i, file] of files.entries()) {
    const { contentType, size } = file;
    let shownAt = performance.now();
    const body = file.read((sent) => {
      if (json || performance.now() - shownAt < PROGRESS_MS) return;
      shownAt = performance.now();
      terminal.err(`${printable(names[i])}: ${humanBytes(sent)} of ${humanBytes(size)}\n`);
    });
    const pushed = await set.push(names[i], body, { contentType });
    if (json) printJson(terminal, pushed);
    else terminal.out(`${printable(pushed.key)} (${humanBytes(pushed.size)})\n`);
  }
}
