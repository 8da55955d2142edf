import type { ByoReport, Finding } from '@lakewright/deploy';
import type { Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { printable, styled, type Terminal } from '../../terminal.ts';
import {
  addInstallOptions,
  addParameterOptions,
  broughtValues,
  systemArgument,
  usage,
  type WantedOptions,
} from './options.ts';
import { answering } from './with-engine.ts';

type ByoCheckOptions = Pick<WantedOptions, 'env' | 'region' | 'set' | 'params'>;

export function addByoCheck(aws: Command, context: CommandContext): void {
  addParameterOptions(
    addInstallOptions(
      aws
        .command('byo-check')
        .description('look whether what is brought to an install is as it must be; changes nothing'),
    ),
  )
    .addArgument(systemArgument())
    .action((_system: string, options: ByoCheckOptions, command: Command) =>
      answering(context, command, async (json) => {
        const values = await usage(() => broughtValues(options));
        const [{ awsAccountReader }, { byoCheck, shellText }] = await Promise.all([
          import('@lakewright/aws'),
          import('@lakewright/deploy'),
        ]);
        const reader = awsAccountReader({ region: options.region });
        try {
          const report = await usage(() => byoCheck(reader, values, options.env));
          const bad = report.findings.filter(({ level }) => level === 'problem' || level === 'unseen');
          if (bad.length > 0) context.fail();
          if (json) printJson(context.terminal, report);
          else print(context.terminal, report, shellText);
        } finally {
          reader.close();
        }
      }),
    );
}

const MARKS = { ok: 'ok', warning: 'warning', problem: 'PROBLEM', unseen: 'UNSEEN' } as const;
const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red', unseen: 'red' } as const;
const WIDTH = 9;
const INDENT = ' '.repeat(WIDTH);

type Shown = (command: readonly string[]) => string;

function print(terminal: Terminal, { account, region, findings }: ByoReport, text: Shown): void {
  terminal.out(`account ${account}, ${region}\n`);
  const shown = new Set<string>();
  for (const finding of findings) printFinding(terminal, finding, { shown, text });
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  terminal.out(
    `${count('problem')} problems, ${count('warning')} warnings, ${count('unseen')} that could not be looked at, ${count('ok')} ok\n`,
  );
}

function printFinding(
  terminal: Terminal,
  { level, where, what, why, fix }: Finding,
  { shown, text }: { shown: Set<string>; text: Shown },
): void {
  terminal.out(
    `${styled(terminal, COLOURS[level], MARKS[level].padEnd(WIDTH))}${printable(`${where} ${what}`)}\n`,
  );
  if (why !== undefined) terminal.out(`${INDENT}${printable(why)}\n`);
  if (fix === undefined) return;
  const commands = fix.commands.map(text);
  // One command may put several things right: it is shown once.
  const fresh = commands.filter((line) => !shown.has(line));
  if (commands.length > 0 && fresh.length === 0) {
    terminal.out(`${INDENT}fix: the command that is shown above\n`);
    return;
  }
  if (fix.note !== undefined) terminal.out(`${INDENT}fix: ${printable(fix.note)}\n`);
  for (const line of fresh) {
    shown.add(line);
    terminal.out(`${INDENT}$ ${line}\n`);
  }
  if (fix.policy !== undefined) {
    terminal.out(`${INDENT}policy of ${printable(fix.policy.of)}:\n`);
    const lines = JSON.stringify(fix.policy.document, null, 2).split('\n');
    terminal.out(`${lines.map((line) => `${INDENT}${line}`).join('\n')}\n`);
  }
}
