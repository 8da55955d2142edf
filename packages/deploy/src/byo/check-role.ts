import type { Look, NamedPolicy, RoleFacts, Simulated } from '@lakewright/core';
import { both, type Decision, evaluatePolicies, type PolicyDocument, parsePolicy } from '../policy/index.ts';
import type { AccountFacts } from './facts.ts';
import { type Command, type Finding, ofLook, ok, problem, unseen, warning } from './finding.ts';
import { type Need, type Place, policyOf, TASK_TRUST } from './needs.ts';

/** Who may assume the task role, and whether it may do all that tasks do. */
export function checkRole(roleArn: string, facts: AccountFacts): Finding[] {
  if (facts.role === undefined) return [];
  const { role, needs } = facts.role;
  const subject = { check: 'task-role', where: roleArn };
  const actions = (found: RoleFacts | undefined) =>
    needs.map(({ need, answers }) =>
      needFinding(need, answers, found, { roleArn, all: needs.map((one) => one.need) }, facts.place),
    );
  if (role.state === 'hidden') return [unseen(subject, role), ...actions(undefined)];
  return [
    ...ofLook(
      subject,
      role,
      (found) => [ok(subject, 'is there'), trustFinding(found, facts.place), ...actions(found)],
      () => [
        problem(subject, 'is not there', 'ExistingTaskRoleArn names no role of this account', {
          commands: [
            [
              'aws',
              'iam',
              'create-role',
              '--role-name',
              nameOf(roleArn),
              '--assume-role-policy-document',
              JSON.stringify(trustPolicy([TASK_TRUST])),
            ],
          ],
          policy: { of: `${roleArn}, who may assume it`, document: trustPolicy([TASK_TRUST]) },
        }),
      ],
    ),
  ];
}

function trustFinding(role: RoleFacts, place: Place): Finding {
  const subject = { check: 'task-role-trust', where: role.arn };
  const policy = parsePolicy(role.trust, `the trust policy of ${role.arn}`);
  const decide = (sourceArn: Record<string, readonly string[]>) =>
    evaluatePolicies([policy], {
      asker: { kind: 'service', name: 'ecs-tasks.amazonaws.com' },
      action: 'sts:AssumeRole',
      resource: role.arn,
      context: { complete: false, keys: { 'aws:sourceaccount': [place.account], ...sourceArn } },
    }).decision;
  const anyTask = `arn:${place.partition}:ecs:${place.region}:${place.account}:task/lakewright/check`;
  // Conditions on the tasks of this account and region are what AWS recommends.
  if (decide({}) === 'allowed' || decide({ 'aws:sourcearn': [anyTask] }) === 'allowed') {
    return ok(subject, 'lets ECS tasks assume it');
  }
  if (decide({}) === 'maybe') {
    return warning(subject, 'may let ECS tasks assume it', 'its conditions depend on which task asks');
  }
  const was = JSON.parse(role.trust) as { Statement: unknown };
  const document = trustPolicy([
    ...(Array.isArray(was.Statement) ? was.Statement : [was.Statement]),
    TASK_TRUST,
  ]);
  return problem(
    subject,
    'does not let ECS tasks assume it',
    'no statement of its trust policy lets ecs-tasks.amazonaws.com',
    {
      note: 'the command replaces the trust policy: it holds the statements that are there now, too',
      commands: [
        [
          'aws',
          'iam',
          'update-assume-role-policy',
          '--role-name',
          role.name,
          '--policy-document',
          JSON.stringify(document),
        ],
      ],
      policy: { of: `${role.arn}, who may assume it`, document },
    },
  );
}

/** One action on one resource, and who says that the role may not do it. */
interface Refusal {
  readonly action: string;
  readonly resource: string;
  readonly decision: 'denied' | 'implicit' | 'maybe';
  readonly by?: string;
}

function needFinding(
  need: Need,
  answers: readonly Look<readonly Simulated[]>[],
  role: RoleFacts | undefined,
  { roleArn, all }: { roleArn: string; all: readonly Need[] },
  place: Place,
): Finding {
  const subject = { check: 'task-role-actions', where: roleArn };
  const hidden = answers.find((answer) => answer.state === 'hidden');
  const own = hidden === undefined ? undefined : ownReading(need, role, place);
  if (hidden !== undefined && own === undefined) return unseen(subject, hidden);
  const refusals =
    own ?? answers.flatMap((answer) => (answer.state === 'seen' ? answer.value.flatMap(refusalOf) : []));
  const how =
    own === undefined
      ? undefined
      : 'by its policies as they are read here: IAM was not to be asked, which also knows policies of the organization';
  const on = need.resources.join(', ');
  if (refusals.length === 0) return ok(subject, `allows ${need.actions.join(', ')} on ${on}`, how);
  const sure = refusals.filter(({ decision }) => decision !== 'maybe');
  const actions = [...new Set((sure.length > 0 ? sure : refusals).map(({ action }) => action))].join(', ');
  if (sure.length === 0) {
    return warning(
      subject,
      `may not allow ${actions} on ${on}`,
      'its policies have conditions on what is only known when a task asks',
    );
  }
  const denied = sure.find(({ decision }) => decision === 'denied');
  const by = sure.find((refusal) => refusal.by !== undefined)?.by;
  const why = [
    need.why,
    ...(denied ? ['a statement denies it'] : []),
    ...(by ? [`${by} does not allow it`] : []),
    ...(how ? [how] : []),
  ].join('; ');
  const report = need.required ? problem : warning;
  return report(
    subject,
    `does not allow ${actions} on ${on}`,
    why,
    fixFor(need, all, roleArn, { denied: denied !== undefined, by }),
  );
}

function refusalOf(answer: Simulated): Refusal[] {
  const { action, resource, decision, by, unknownKeys } = answer;
  if (decision === 'allowed') return [];
  const words = { organization: 'a policy of the organization', boundary: "the role's permissions boundary" };
  return [
    {
      action,
      resource,
      decision: decision === 'explicitDeny' ? 'denied' : unknownKeys.length > 0 ? 'maybe' : 'implicit',
      ...(by === undefined ? {} : { by: words[by] }),
    },
  ];
}

/** What the role's policies say by our own reading, for those who may see them and not ask IAM. */
function ownReading(need: Need, role: RoleFacts | undefined, place: Place): Refusal[] | undefined {
  if (role?.policies.state !== 'seen' || role.boundary.state === 'hidden') return undefined;
  const documents = role.policies.value.map(read);
  const boundary = role.boundary.state === 'seen' ? [read(role.boundary.value)] : undefined;
  return need.samples.flatMap((resource) =>
    need.actions.flatMap((action): Refusal[] => {
      const request = {
        asker: { kind: 'role', arn: role.arn } as const,
        action,
        resource,
        context: {
          complete: false,
          keys: {
            'aws:securetransport': ['true'],
            'aws:principalarn': [role.arn],
            'aws:principalaccount': [place.account],
            'aws:requestedregion': [place.region],
          },
        },
      };
      const identity = evaluatePolicies(documents, request);
      const limit: Decision = boundary === undefined ? identity : evaluatePolicies(boundary, request);
      const { decision } = both(identity, limit);
      if (decision === 'allowed') return [];
      const byBoundary = identity.decision === 'allowed' ? { by: "the role's permissions boundary" } : {};
      return [{ action, resource, decision, ...byBoundary }];
    }),
  );
}

function read({ name, document }: NamedPolicy): PolicyDocument {
  return parsePolicy(document, `the policy ${name}`);
}

/** All of the need's area as one inline policy of a name of ours: what else the role has stays. */
function fixFor(
  need: Need,
  all: readonly Need[],
  roleArn: string,
  why: { denied: boolean; by: string | undefined },
) {
  const document = policyOf(all.filter(({ area }) => area === need.area));
  if (why.denied || why.by !== undefined) {
    return {
      note: `allowing it once more does not help: ${why.by ?? 'a statement that denies it'} must let it`,
      commands: [],
      policy: { of: roleArn, document },
    };
  }
  const command: Command = [
    'aws',
    'iam',
    'put-role-policy',
    '--role-name',
    nameOf(roleArn),
    '--policy-name',
    `lakewright-${need.area}`,
    '--policy-document',
    JSON.stringify(document),
  ];
  return { commands: [command], policy: { of: roleArn, document } };
}

function trustPolicy(Statement: readonly unknown[]) {
  return { Version: '2012-10-17', Statement };
}

function nameOf(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1);
}
