import type { Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { addWantedOptions, requestOf, systemArgument, usage, type WantedOptions } from './options.ts';
import { planText } from './print.ts';
import { estimateText } from './print-estimate.ts';
import { withTemplates } from './template-bucket.ts';
import { answering, withEngine } from './with-engine.ts';

export function addPlan(aws: Command, context: CommandContext): void {
  addWantedOptions(aws.command('plan').description('say what a deployment would change, and change nothing'))
    .addArgument(systemArgument())
    .action((_system: string, options: WantedOptions, command: Command) =>
      answering(context, command, async (json) => {
        const wanted = await requestOf(options);
        const { planDeployment } = await import('@lakewright/deploy');
        await withEngine(context, options, async ({ engine, identity }) => {
          const request = await withTemplates(wanted, options, identity);
          const plan = await usage(() => planDeployment(engine, request));
          const { estimate, ...rest } = plan;
          if (json) printJson(context.terminal, options.estimate === true ? plan : rest);
          else {
            context.terminal.out(planText(context.terminal, plan));
            if (options.estimate === true)
              context.terminal.out(`\n${estimateText(context.terminal, estimate)}`);
          }
          if (plan.stacks.some(({ action }) => action === 'blocked')) context.fail();
        });
      }),
    );
}
