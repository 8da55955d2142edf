import type { StackStatus, SystemStatus } from '@lakewright/deploy';
import type { Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { humanAge } from '../../format.ts';
import { renderTable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';
import { addPlaceOptions, type PlaceOptions, systemArgument, systemOf, usage } from './options.ts';
import { answering, withEngine } from './with-engine.ts';

interface StatusOptions extends PlaceOptions {
  readonly drift?: boolean;
}

export function addStackStatus(aws: Command, context: CommandContext): void {
  addPlaceOptions(
    aws.command('status').description('say what is there of a system: ends with 0 when it is complete'),
  )
    .addArgument(systemArgument())
    .option('--drift', 'have CloudFormation look for what was changed by hand, which takes minutes')
    .action((_system: string, options: StatusOptions, command: Command) =>
      answering(context, command, async (json) => {
        const { systemStatus } = await import('@lakewright/deploy');
        const system = await systemOf(options);
        await withEngine(context, options, async ({ engine, clear }) => {
          const request = { system, environment: options.env, drift: options.drift === true };
          const status = await usage(() => systemStatus(engine, request));
          clear();
          if (json) printJson(context.terminal, status);
          else context.terminal.out(statusText(context.terminal, status));
          if (status.state !== 'complete') context.fail();
        });
      }),
    );
}

function statusText(terminal: Terminal, status: SystemStatus): string {
  const rows = status.stacks.map((stack) => [
    stack.stack,
    stack.state,
    stack.status ?? '',
    age(stack.changedAtMs),
    driftText(stack),
  ]);
  const columns = ['stack', 'state', 'status', 'changed', 'drift'].map((title) => ({ title }));
  const details = status.stacks.flatMap(({ stack, why, hint }) => [
    ...(why === undefined ? [] : [`${stack}: ${why}`]),
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ]);
  const lines = [renderTable(terminal, columns, rows).trimEnd(), ...details];
  return `${lines.join('\n')}\n${status.system} ${status.environment}: ${status.state}\n`;
}

function driftText({ drift, status }: StackStatus): string {
  if (status === undefined) return '';
  if (drift?.checkedAtMs === undefined) return 'never looked for';
  return `${drift.status.toLowerCase().replaceAll('_', ' ')}, ${age(drift.checkedAtMs)}`;
}

function age(ms: number | undefined): string {
  return ms === undefined ? '' : humanAge(BigInt(ms) * 1_000_000n, Date.now());
}
