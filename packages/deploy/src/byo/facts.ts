import type {
  AccountReader,
  BucketFacts,
  CallerFacts,
  ClusterFacts,
  DatabaseFacts,
  EndpointFacts,
  Look,
  NotificationsFacts,
  QueueFacts,
  RoleFacts,
  RouteTableFacts,
  SecretFacts,
  SecurityGroupFacts,
  Simulated,
  SubnetFacts,
} from '@lakewright/core';
import type { Brought } from './brought.ts';
import { type Need, type Place, taskNeeds } from './needs.ts';

/** What an account says of what is brought to it: what is not brought is not looked at. */
export interface AccountFacts {
  readonly place: Place;
  readonly network?: NetworkFacts;
  readonly storage?: {
    readonly bucket: BucketFacts;
    readonly notifications: Look<NotificationsFacts>;
    readonly queue: Look<QueueFacts>;
  };
  readonly database?: {
    readonly instance: Look<DatabaseFacts>;
    readonly groups: Look<readonly SecurityGroupFacts[]>;
    readonly secret: Look<SecretFacts>;
  };
  readonly compute?: {
    readonly cluster: Look<ClusterFacts>;
    readonly groups: Look<readonly SecurityGroupFacts[]>;
  };
  readonly role?: RoleAnswers;
}

export interface NetworkFacts {
  readonly vpc: Look<{ readonly cidrs: readonly string[] }>;
  readonly subnets: Look<readonly SubnetFacts[]>;
  readonly routeTables: Look<readonly RouteTableFacts[]>;
  readonly endpoints: Look<readonly EndpointFacts[]>;
}

/** A role, and what IAM said to each need of it. */
export interface RoleAnswers {
  readonly role: Look<RoleFacts>;
  readonly needs: readonly { readonly need: Need; readonly answers: readonly Look<readonly Simulated[]>[] }[];
}

const ABSENT = { state: 'absent' } as const;

/** Looks at everything that is brought, all at once, and changes nothing. Throws what AccountReader throws. */
export async function readFacts(
  reader: AccountReader,
  brought: Brought,
  caller: CallerFacts,
  env: string,
): Promise<AccountFacts> {
  const place = { partition: caller.partition, region: caller.region, account: caller.account, env };
  const [network, storage, database, compute] = await Promise.all([
    readNetwork(reader, brought),
    readStorage(reader, brought),
    readDatabase(reader, brought),
    readCompute(reader, brought),
  ]);
  const keys = keysOf(brought, storage, place);
  const role = await readRole(reader, brought, taskNeeds(brought, keys, place));
  return { place, network, storage, database, compute, role };
}

async function readNetwork(reader: AccountReader, { network }: Brought): Promise<NetworkFacts | undefined> {
  const { vpcId, privateSubnetIds, publicSubnetIds } = network;
  if (vpcId === '') return undefined;
  const ids = [...privateSubnetIds, ...publicSubnetIds];
  const [vpc, subnets, routeTables, endpoints] = await Promise.all([
    reader.vpc(vpcId),
    ids.length === 0 ? ABSENT : reader.subnets(ids),
    reader.routeTables(vpcId),
    reader.endpoints(vpcId),
  ]);
  return { vpc, subnets, routeTables, endpoints };
}

async function readStorage(reader: AccountReader, { storage }: Brought): Promise<AccountFacts['storage']> {
  if (storage === undefined) return undefined;
  const [bucket, notifications, queue] = await Promise.all([
    reader.bucket(storage.bucket),
    reader.notifications(storage.bucket),
    storage.queueArn === '' ? ABSENT : reader.queue(storage.queueArn),
  ]);
  return { bucket, notifications, queue };
}

async function readDatabase(reader: AccountReader, { database }: Brought): Promise<AccountFacts['database']> {
  if (database === undefined) return undefined;
  const [instance, secret] = await Promise.all([
    reader.database(database.endpoint),
    database.secretArn === '' ? ABSENT : reader.secret(database.secretArn),
  ]);
  const ids = instance.state === 'seen' ? instance.value.securityGroupIds : [];
  const groups = ids.length === 0 ? ABSENT : await reader.securityGroups(ids);
  return { instance, secret, groups };
}

async function readCompute(reader: AccountReader, { compute }: Brought): Promise<AccountFacts['compute']> {
  if (compute === undefined) return undefined;
  const { clusterArn, securityGroupId } = compute;
  const [cluster, groups] = await Promise.all([
    clusterArn === '' ? ABSENT : reader.cluster(clusterArn),
    securityGroupId === '' ? ABSENT : reader.securityGroups([securityGroupId]),
  ]);
  return { cluster, groups };
}

async function readRole(
  reader: AccountReader,
  { taskRoleArn }: Brought,
  needs: readonly Need[],
): Promise<RoleAnswers | undefined> {
  if (taskRoleArn === undefined) return undefined;
  const role = await reader.role(taskRoleArn);
  if (role.state === 'absent') return { role, needs: [] };
  const answered = needs.map(async (need) => ({
    need,
    answers: await Promise.all(
      need.samples.map((sample) => reader.simulate(taskRoleArn, need.actions, sample)),
    ),
  }));
  return { role, needs: await Promise.all(answered) };
}

/** Keys of the customer's own that the bucket and the queue are encrypted with, as ARNs. */
function keysOf(brought: Brought, storage: AccountFacts['storage'], place: Place): string[] {
  const { encryption } = storage?.bucket ?? {};
  const said = [
    encryption?.state === 'seen' && encryption.value.algorithm !== 'AES256'
      ? encryption.value.kmsKey
      : undefined,
    storage?.queue.state === 'seen' ? storage.queue.value.kmsKey : undefined,
    brought.kmsKeyArn,
  ];
  const own = said.filter((key) => key !== undefined && !isAlias(key));
  return [...new Set(own.map((key) => keyArn(key as string, place)))];
}

/** An alias is no resource of a policy. */
export function isAlias(key: string): boolean {
  return key.includes('alias/');
}

/** A key's id as the ARN that a policy names. */
export function keyArn(key: string, { partition, region, account }: Place): string {
  if (key.startsWith('arn:')) return key;
  return `arn:${partition}:kms:${region}:${account}:key/${key}`;
}
