import { ConfigError } from '@lakewright/core';
import { Argument, type Command } from 'commander';
import { type CommandContext, printJson } from '../../context.ts';
import { agrees } from './ask.ts';
import { refuseLosses } from './losses.ts';
import {
  addParameterOptions,
  addRegionOption,
  addTemplatesOption,
  givenOf,
  readTemplates,
  usage,
  type WantedOptions,
} from './options.ts';
import { changeLines, parameterText } from './print.ts';
import { answering, withEngine } from './with-engine.ts';

interface ImagesOptions extends Pick<WantedOptions, 'region' | 'templates' | 'image' | 'set' | 'params'> {
  readonly yes?: boolean;
}

export function addUpdateImages(aws: Command, context: CommandContext): void {
  addParameterOptions(
    addTemplatesOption(
      addRegionOption(
        aws
          .command('update-images')
          .description("move the images of a stack to this release's, and leave everything else as it is"),
      ),
    ),
  )
    .addArgument(new Argument('<stack>', "the stack's name"))
    .addArgument(new Argument('<kind>', 'what the stack is').choices(['services', 'migration', 'setup']))
    .option('--image <reference>', 'for every image of the stack')
    .option('--yes', 'do not ask')
    .action((stack: string, kind: string, options: ImagesOptions, command: Command) =>
      answering(context, command, async (json) => {
        const { LAKERUNNER: system, specOf, updateImages } = await import('@lakewright/deploy');
        const { terminal } = context;
        const spec = specOf(system, kind, 'lakerunner');
        const template = (await readTemplates(options.templates)).get(spec.template);
        if (template === undefined)
          throw new ConfigError(`there is no ${spec.template} in ${options.templates}`);
        const given = await usage(() => givenOf({ ...options, env: 'lakerunner' }, system));
        const request = { stack, spec, template, image: options.image, given };
        await withEngine(context, options, async ({ engine, clear }) => {
          const done = await usage(() =>
            updateImages(engine, request, async (plan) => {
              clear();
              const parameters = plan.parameters.map((parameter) => `  ${parameterText(parameter)}`);
              terminal.err(`${[...parameters, ...changeLines(terminal, plan.changes)].join('\n')}\n`);
              if (options.yes !== true) return agrees(`Update ${stack}?`, 'an update', engine.signal);
              // Nobody expects new images to cost data.
              refuseLosses(plan.changes, 'look at what is shown; without --yes it asks');
              return true;
            }),
          );
          clear();
          if (json) printJson(terminal, { stack, did: done ?? 'nothing' });
          else terminal.out(`${stack}: ${done ?? 'nothing was changed'}\n`);
          if (done === undefined) context.fail();
        });
      }),
    );
}
