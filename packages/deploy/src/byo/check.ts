import type { AccountReader } from '@lakewright/core';
import { type Brought, broughtBy } from './brought.ts';
import { checkBucket } from './check-bucket.ts';
import { checkCluster } from './check-cluster.ts';
import { checkDatabase } from './check-database.ts';
import { checkDatabaseGroups, checkTaskGroup } from './check-groups.ts';
import { checkLifecycle } from './check-lifecycle.ts';
import { checkNetwork } from './check-network.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkQueue } from './check-queue.ts';
import { checkRole } from './check-role.ts';
import { type AccountFacts, readFacts } from './facts.ts';
import { type Finding, problem } from './finding.ts';

/** What was looked at, and what was found. */
export interface ByoReport {
  readonly account: string;
  readonly region: string;
  readonly env: string;
  readonly findings: readonly Finding[];
}

/**
 * Looks whether an account has what an install needs of what is brought to it, by the parameters of the root template.
 * Changes nothing. Throws BadInputError for parameters that CloudFormation would refuse, and what AccountReader throws.
 */
export async function byoCheck(
  reader: AccountReader,
  parameters: Readonly<Record<string, string>>,
  env: string,
): Promise<ByoReport> {
  const { brought, findings } = broughtBy(parameters);
  const caller = await reader.caller();
  const facts = await readFacts(reader, brought, caller, env);
  const { account, region } = caller;
  return { account, region, env, findings: [...findings, ...findingsOf(brought, facts)] };
}

/** Everything that is to be said of what is brought: the facts alone decide it. */
export function findingsOf(brought: Brought, facts: AccountFacts): Finding[] {
  const { storage, database, taskRoleArn } = brought;
  const { place } = facts;
  return [
    ...accountFindings(brought, facts),
    ...checkNetwork(brought, facts),
    ...(storage === undefined || facts.storage === undefined
      ? []
      : [
          ...checkBucket(brought, storage, facts.storage.bucket, place),
          ...checkQueue(brought, storage, facts.storage.queue, place),
          ...checkNotifications(storage, facts.storage.notifications, place),
          ...(facts.storage.bucket.region.state === 'seen'
            ? checkLifecycle(storage, facts.storage.bucket.lifecycle, place)
            : []),
        ]),
    ...(database === undefined ? [] : checkDatabase(brought, database, facts)),
    ...checkDatabaseGroups(brought, facts),
    ...checkCluster(brought, facts),
    ...checkTaskGroup(brought, facts),
    ...(taskRoleArn === undefined ? [] : checkRole(taskRoleArn, facts)),
  ];
}

/** Nothing of another account can be looked at, or given to tasks of this one. */
function accountFindings(
  { storage, database, compute, taskRoleArn }: Brought,
  { place }: AccountFacts,
): Finding[] {
  const arns = {
    ExistingQueueArn: storage?.queueArn,
    ExistingDatabaseSecretArn: database?.secretArn,
    ExistingClusterArn: compute?.clusterArn,
    ExistingTaskRoleArn: taskRoleArn,
  };
  return Object.entries(arns).flatMap(([where, arn]) => {
    const account = arn?.split(':')[4] || place.account;
    if (account === place.account) return [];
    return [
      problem(
        { check: 'parameters', where },
        `is of the account ${account}, and the install of ${place.account}`,
        'an install and all that is brought to it are of one account',
        { note: 'log in to the account of the install, and bring what is in it', commands: [] },
      ),
    ];
  });
}
