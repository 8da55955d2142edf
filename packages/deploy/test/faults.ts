/** What a check says of an account in which one thing is changed. */
import type {
  AccountReader,
  BucketFacts,
  DatabaseFacts,
  Look,
  QueueFacts,
  RoleFacts,
  SecurityGroupFacts,
} from '@lakewright/core';
import { byoCheck, type Finding } from '../src/index.ts';
import {
  account,
  BUCKET,
  bucket,
  database,
  databaseGroup,
  notifications,
  PARAMETERS,
  queue,
  queuePolicy,
  RULES,
  role,
  SECRET,
  seen,
  taskGroup,
} from './account.ts';

export type Changes = Partial<AccountReader>;

/** What is not ok, as `level check: what`. */
export async function faults(
  changes: Changes = {},
  parameters: Record<string, string> = {},
): Promise<string[]> {
  const found = await findings(changes, parameters);
  return found
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, what }) => `${level} ${check}: ${what}`);
}

export async function findings(
  changes: Changes = {},
  parameters: Record<string, string> = {},
): Promise<readonly Finding[]> {
  return (await byoCheck(account(changes), { ...PARAMETERS, ...parameters }, 'lakerunner')).findings;
}

export const bucketIs = (more: Partial<BucketFacts>): Changes => ({
  bucket: async () => ({ ...bucket, ...more }),
});
export const queueIs = (more: Partial<QueueFacts>): Changes => ({
  queue: async () => seen({ ...queue, ...more }),
});
export const databaseIs = (more: Partial<DatabaseFacts>): Changes => ({
  database: async () => seen({ ...database, ...more }),
});
export const roleIs = (more: Partial<RoleFacts>): Changes => ({
  role: async () => seen({ ...role, ...more }),
});
export const told = (...rules: Parameters<typeof notifications>): Changes => ({
  notifications: async () => seen(notifications(...rules)),
});
export const groups = (...changed: Partial<SecurityGroupFacts>[]): Changes => ({
  securityGroups: async (ids) =>
    seen(
      [taskGroup, databaseGroup]
        .map((group) => ({ ...group, ...changed.find(({ id }) => id === group.id) }))
        .filter(({ id }) => ids.includes(id)),
    ),
});
export const secretIs = (
  shape: Look<{ isObject: boolean; fields: string[] }>,
  more: object = {},
): Changes => ({
  secret: async () => seen({ arn: SECRET, kmsKey: undefined, deleted: false, shape, ...more }),
});
export const lifecycle = (
  ...rules: { prefix: string; days?: number; enabled?: boolean; narrowed?: boolean }[]
): Changes =>
  bucketIs({
    lifecycle: seen({
      rules: rules.map(({ prefix, days = 10, enabled = true, narrowed = false }, index) => ({
        id: `r${index}`,
        enabled,
        prefix,
        narrowed,
        expirationDays: days,
        abortDays: 1,
      })),
      document: rules.map((_, index) => ({ ID: `r${index}`, Status: 'Enabled' })),
    }),
  });
export const RAW = RULES.map(({ prefix }) => ({ prefix }));
export const denyAll = (Condition: object, Principal: unknown = '*') =>
  queuePolicy([
    { Sid: 'guard', Effect: 'Deny', Principal, Action: 's3:*', Resource: [BUCKET, `${BUCKET}/*`], Condition },
  ]);
