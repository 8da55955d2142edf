import { all, any, type Certainty, holds, type RequestContext, resolve } from './conditions.ts';
import type { Patterns, PolicyDocument, Principals, Statement } from './document.ts';
import { matches } from './wildcards.ts';

/** Who asks. A role is in its own account; a service is in none. */
export type Asker =
  | { readonly kind: 'role'; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string };

export interface PolicyRequest {
  readonly asker: Asker;
  /** `s3:GetObject` */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resource. */
  readonly resource: string;
  readonly context: RequestContext;
}

/**
 * What policies say to a request. `denied`: a statement denies it. `allowed`: one allows it, and none denies it.
 * `implicit`: none allows it. `maybe`: statements decide it by conditions on what is not known here.
 */
export interface Decision {
  readonly decision: 'allowed' | 'denied' | 'implicit' | 'maybe';
  /** The statements that decided it, or would. */
  readonly statements: readonly Statement[];
}

/**
 * Evaluates policies of one kind together: those of an identity, or the one of a resource. The order is that of
 * "Policy evaluation logic" in the IAM User Guide: an explicit deny goes before all, an allow before none. Permission
 * boundaries are evaluated by themselves (`both`); service control policies and session policies are not known here.
 */
export function evaluatePolicies(policies: readonly PolicyDocument[], request: PolicyRequest): Decision {
  const statements = policies.flatMap((policy) => policy.statements);
  const applying = statements.map((statement) => ({ statement, sure: applies(statement, request) }));
  const which = (effect: Statement['effect'], sure: Certainty) =>
    applying
      .filter((entry) => entry.statement.effect === effect && entry.sure === sure)
      .map(({ statement }) => statement);
  const denies = which('Deny', 'yes');
  if (denies.length > 0) return { decision: 'denied', statements: denies };
  const allows = which('Allow', 'yes');
  const unsureDenies = which('Deny', 'maybe');
  if (unsureDenies.length > 0 && (allows.length > 0 || which('Allow', 'maybe').length > 0)) {
    return { decision: 'maybe', statements: unsureDenies };
  }
  if (allows.length > 0) return { decision: 'allowed', statements: allows };
  const unsureAllows = which('Allow', 'maybe');
  if (unsureAllows.length > 0) return { decision: 'maybe', statements: unsureAllows };
  return { decision: 'implicit', statements: [] };
}

/** What two sets of policies say that must both allow a request, as a permission boundary must. */
export function both(first: Decision, second: Decision): Decision {
  for (const decision of ['denied', 'implicit', 'maybe'] as const) {
    const found = [first, second].find((one) => one.decision === decision);
    if (found !== undefined) return found;
  }
  return first;
}

/** Statements of a resource's policy that deny a request, surely or perhaps. */
export function denials(policy: PolicyDocument, request: PolicyRequest): Decision {
  const found = evaluatePolicies(
    [{ statements: policy.statements.filter(({ effect }) => effect === 'Deny') }],
    request,
  );
  if (found.decision === 'denied') return found;
  const unsure = policy.statements.filter(
    (statement) => statement.effect === 'Deny' && applies(statement, request) === 'maybe',
  );
  return { decision: unsure.length > 0 ? 'maybe' : 'implicit', statements: unsure };
}

function applies(statement: Statement, request: PolicyRequest): Certainty {
  const { asker, action, resource, context } = request;
  return all([
    statement.principals === undefined ? 'yes' : isAbout(statement.principals, asker),
    // Names of actions are compared without regard to case.
    covers(statement.actions, action.toLowerCase(), context, (pattern) => pattern.toLowerCase()),
    covers(statement.resources, resource, context, (pattern) => pattern),
    holds(statement.conditions, context),
  ]);
}

function covers(
  { not, patterns }: Patterns,
  text: string,
  context: RequestContext,
  fold: (pattern: string) => string,
): Certainty {
  const found = any(
    patterns.map((pattern) => {
      const resolved = resolve(pattern, context);
      if (resolved === undefined) return 'maybe';
      return matches(fold(resolved), text) ? 'yes' : 'no';
    }),
  );
  return not ? opposite(found) : found;
}

function isAbout({ not, byKind }: Principals, asker: Asker): Certainty {
  const anybody = (byKind.AWS ?? []).includes('*');
  let found = anybody;
  if (asker.kind === 'service') found ||= (byKind.Service ?? []).includes(asker.name);
  else found ||= (byKind.AWS ?? []).some((name) => isNameOf(name, asker.arn));
  return found !== not ? 'yes' : 'no';
}

/** A role is named by its ARN, and with its whole account by the account's number or root. */
function isNameOf(name: string, roleArn: string): boolean {
  const account = roleArn.split(':')[4];
  return name === roleArn || name === account || /^arn:[^:]+:iam::(\d+):root$/.exec(name)?.[1] === account;
}

function opposite(sure: Certainty): Certainty {
  if (sure === 'maybe') return 'maybe';
  return sure === 'yes' ? 'no' : 'yes';
}
