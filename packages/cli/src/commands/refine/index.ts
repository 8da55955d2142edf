import type { Command } from 'commander';
import type { CommandContext } from '../../context.ts';
import { addEndToEnd } from './e2e.ts';
import { addList } from './ls.ts';
import { addPoll } from './poll.ts';
import { addPush } from './push.ts';
import { addRedrive } from './redrive.ts';
import { addTerraformVariables } from './tfvars.ts';
import { addWork } from './work.ts';

export function addRefine(program: Command, context: CommandContext): void {
  const refine = program
    .command('refine')
    .description('objects below a prefix into objects and a completion record');
  for (const add of [addPush, addPoll, addEndToEnd, addRedrive, addList, addWork, addTerraformVariables]) {
    add(refine, context);
  }
}
