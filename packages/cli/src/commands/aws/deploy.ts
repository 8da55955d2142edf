import type { ChangeLine, Estimate, Questions } from '@lakewright/deploy';
import type { Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { agrees } from './ask.ts';
import { refuseLosses } from './losses.ts';
import { addWantedOptions, requestOf, systemArgument, usage, type WantedOptions } from './options.ts';
import { changeLines, planText } from './print.ts';
import { estimateText } from './print-estimate.ts';
import { withTemplates } from './template-bucket.ts';
import { answering, type Deployer, withEngine } from './with-engine.ts';

interface DeployOptions extends WantedOptions {
  readonly yes?: boolean;
  readonly deleteData?: boolean;
}

export function addDeploy(aws: Command, context: CommandContext): void {
  addWantedOptions(aws.command('deploy').description('bring the stacks of a system to what is wanted'))
    .addArgument(systemArgument())
    .option('--yes', 'do not ask')
    .option('--delete-data', 'with --yes: replace and remove even what holds data')
    .action((_system: string, options: DeployOptions, command: Command) =>
      answering(context, command, async (json) => {
        const wanted = await requestOf(options);
        const { deploy } = await import('@lakewright/deploy');
        await withEngine(context, options, async (deployer) => {
          const request = await withTemplates(wanted, options, deployer.identity);
          const asked = questions(context, options, deployer);
          const results = await usage(() => deploy(deployer.engine, request, asked));
          deployer.clear();
          if (results === undefined) {
            context.terminal.err('nothing was changed\n');
            context.fail();
            return;
          }
          if (json) {
            const { environment } = request;
            printJson(context.terminal, { environment, stacks: results, estimate: asked.estimate });
            return;
          }
          for (const { stack, did, status } of results)
            context.terminal.out(`${stack}: ${did} (${status})\n`);
          const addresses = results.flatMap(({ outputs }) =>
            Object.entries(outputs).filter(([name]) => request.system.addresses.includes(name)),
          );
          for (const [name, value] of addresses) context.terminal.out(`${name}: ${value}\n`);
        });
      }),
    );
}

function questions(
  context: CommandContext,
  { yes, deleteData, estimate }: DeployOptions,
  { clear, engine }: Deployer,
): Questions & { readonly estimate: Estimate | undefined } {
  const { terminal } = context;
  let shown: Estimate | undefined;
  const mayLose = (changes: readonly ChangeLine[]) => {
    if (deleteData !== true) refuseLosses(changes, 'look at the plan; with --delete-data it is done');
    return true;
  };
  return {
    /** The estimate that was shown. */
    get estimate() {
      return shown;
    },
    async approve(plan) {
      clear();
      terminal.err(planText(terminal, plan));
      if (estimate === true) {
        shown = plan.estimate;
        terminal.err(`\n${estimateText(terminal, shown)}`);
      }
      if (yes !== true) return agrees('Carry this out?', 'a deployment', engine.signal);
      return mayLose(plan.stacks.flatMap(({ changes }) => changes));
    },
    async approveMore(stack, changes) {
      clear();
      terminal.err(`${stack}: this was not in the plan\n${changeLines(terminal, changes).join('\n')}\n`);
      if (yes !== true)
        return agrees('Carry it out all the same?', 'a change that was not in the plan', engine.signal);
      return mayLose(changes);
    },
  };
}
