import type { Command } from 'commander';
import type { CommandContext } from '../../context.ts';
import { addByoCheck } from './byo-check.ts';
import { addDeploy } from './deploy.ts';
import { addDestroy } from './destroy.ts';
import { addPlan } from './plan.ts';
import { addPolicy } from './policy.ts';
import { addStackStatus } from './status.ts';
import { addUpdateImages } from './update-images.ts';

const COMMANDS = [addPlan, addDeploy, addStackStatus, addDestroy, addUpdateImages, addByoCheck, addPolicy];

export function addAws(program: Command, context: CommandContext): void {
  const aws = program.command('aws').description('the lake in an AWS account: CloudFormation stacks');
  for (const add of COMMANDS) add(aws, context);
}
