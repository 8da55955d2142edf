import type { Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { ask } from './ask.ts';
import { addPlaceOptions, type PlaceOptions, systemArgument, systemOf, usage } from './options.ts';
import { destroyText, leftText } from './print.ts';
import { answering, withEngine } from './with-engine.ts';

interface DestroyOptions extends PlaceOptions {
  readonly only?: string;
  readonly yes?: boolean;
  readonly deleteData?: boolean;
}

export function addDestroy(aws: Command, context: CommandContext): void {
  addPlaceOptions(aws.command('destroy').description('delete the stacks of a system, and say what stays'))
    .addArgument(systemArgument())
    .option('--only <stacks>', 'these stacks alone, with commas')
    .option('--delete-data', 'empty and delete the buckets that the stacks made')
    .option('--yes', 'do not ask')
    .action((_system: string, options: DestroyOptions, command: Command) =>
      answering(context, command, async (json) => {
        const { destroy, planDestroy, specOf } = await import('@lakewright/deploy');
        const system = await systemOf(options);
        const { env: environment, only, deleteData = false } = options;
        const keys = await usage(async () =>
          only?.split(',').map((word) => specOf(system, word.trim(), environment).key),
        );
        const request = { system, environment, only: keys, deleteData };
        const { terminal } = context;
        await withEngine(context, options, async ({ engine, clear }) => {
          const plan = await usage(() => planDestroy(engine, request));
          clear();
          if (plan.stacks.length === 0) {
            if (json) printJson(terminal, { environment, deleted: [], left: plan.left });
            else terminal.out(`There are no stacks of ${environment}. ${leftText(plan.left)}`);
            return;
          }
          terminal.err(destroyText(terminal, plan));
          if (options.yes !== true) {
            const word = await ask(`Type ${environment} to delete this: `, 'destroy', engine.signal);
            if (word !== environment) {
              terminal.err('nothing was deleted\n');
              context.fail();
              return;
            }
          }
          const report = await destroy(engine, request, plan);
          clear();
          if (json) printJson(terminal, { environment, ...report });
          else
            terminal.out(
              `${report.deleted.map((stack) => `${stack}: deleted\n`).join('')}${leftText(report.left)}`,
            );
        });
      }),
    );
}
