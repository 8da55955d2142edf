import { Argument, type Command, InvalidArgumentError } from 'commander';
import { count } from '../../arguments.ts';
import type { CommandContext } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import {
  addInstallOptions,
  addParameterOptions,
  broughtValues,
  systemArgument,
  usage,
  type WantedOptions,
} from './options.ts';

const WHO = ['deployer', 'task', 'task-trust', 'execution'] as const;

interface PolicyOptions extends Pick<WantedOptions, 'env' | 'region' | 'set' | 'params'> {
  readonly account?: string;
  readonly templateBucket?: string;
  readonly part?: number;
}

export function addPolicy(aws: Command, context: CommandContext): void {
  addParameterOptions(
    addInstallOptions(
      aws
        .command('policy')
        .description(
          'print the policy of who deploys, or of roles that are brought; asks for nothing but the account',
        ),
    ),
  )
    .addArgument(systemArgument())
    .addArgument(new Argument('<who>', 'whose policy').choices([...WHO]))
    .option('--account <id>', 'whose account; default: the one that is logged in to', accountId)
    .option('--template-bucket <name>', 'where templates are uploaded for an install in one stack')
    .option(
      '--part <n>',
      'one of the policies of who deploys, from 1: together they are too long for IAM',
      count,
    )
    .action(async (_system: string, who: (typeof WHO)[number], options: PolicyOptions) => {
      const [deploy, place] = await Promise.all([import('@lakewright/deploy'), placeOf(options)]);
      const document = {
        deployer: () => chosen(deploy.deployerPolicies(place), options.part),
        task: () => deploy.taskRole(place).policy,
        'task-trust': () => deploy.taskRole(place).trust,
        execution: () => deploy.executionPolicy(place),
      }[who]();
      context.terminal.out(`${JSON.stringify(document, null, 2)}\n`);
    });
}

/** All policies as a list, or one of them. */
function chosen<T>(policies: readonly T[], part: number | undefined): unknown {
  if (part === undefined) return policies;
  if (part <= policies.length) return policies[part - 1];
  throw new UsageError(`there is no part ${part}: the policies are ${policies.length}`);
}

async function placeOf(options: PolicyOptions) {
  const { env, region, account, templateBucket } = options;
  const { broughtBy } = await import('@lakewright/deploy');
  const { brought } = await usage(async () => broughtBy(await broughtValues(options)));
  const known = await callerOf(region, account);
  return { ...known, env, brought, templateBucket };
}

/** With an account and a region nobody has to be logged in. */
async function callerOf(region: string | undefined, account: string | undefined) {
  const { awsAccountReader, partitionOf } = await import('@lakewright/aws');
  if (account !== undefined && region !== undefined)
    return { account, region, partition: partitionOf(region) };
  const reader = awsAccountReader({ region });
  try {
    const caller = await reader.caller();
    return { account: account ?? caller.account, region: caller.region, partition: caller.partition };
  } finally {
    reader.close();
  }
}

function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('An account is 12 digits.');
}
