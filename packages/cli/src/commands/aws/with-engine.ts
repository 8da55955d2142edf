import { setTimeout as delay } from 'node:timers/promises';
import { type AccountIdentity, LakewrightError, messageOf } from '@lakewright/core';
import type { Engine } from '@lakewright/deploy';
import type { Command } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { progressTeller } from './progress.ts';

/** An engine over the account that the credentials are of. */
export interface Deployer {
  readonly engine: Engine;
  readonly identity: AccountIdentity;
  /** Before something is written to stderr or asked. */
  clear(): void;
}

/** Runs `work`, telling it of --json: with that an error is one JSON object on stdout, too. */
export async function answering(
  { terminal }: CommandContext,
  command: Command,
  work: (json: boolean) => Promise<void>,
): Promise<void> {
  const json = globalOptions(command).json === true;
  try {
    await work(json);
  } catch (error) {
    if (json) printJson(terminal, { error: errorOf(error) });
    throw error;
  }
}

/** Runs `work` with an engine. */
export async function withEngine(
  context: CommandContext,
  { region }: { readonly region?: string },
  work: (deployer: Deployer) => Promise<void>,
): Promise<void> {
  const { awsDeploymentAccount, cloudFormationStacks } = await import('@lakewright/aws');
  const stacks = cloudFormationStacks({ region });
  const account = awsDeploymentAccount({ region });
  const teller = progressTeller(context.terminal);
  const signal = context.interrupted();
  const engine: Engine = {
    stacks,
    account,
    signal,
    now: Date.now,
    pause: (ms, until) => delay(ms, undefined, { signal: until }).catch(() => undefined),
    report: (progress) => teller.tell(progress),
  };
  try {
    const identity = await account.identity();
    context.terminal.err(`account ${identity.account}, region ${identity.region}\n`);
    await work({ engine, identity, clear: () => teller.clear() });
  } finally {
    teller.clear();
    stacks.close();
    account.close();
  }
}

function errorOf(error: unknown) {
  if (error instanceof LakewrightError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  return { code: 'UNKNOWN', message: messageOf(error) };
}
