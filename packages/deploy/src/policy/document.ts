import { BadInputError } from '@lakewright/core';

/** A policy as IAM, S3 and SQS keep it, with lists where a document may have one value alone. */
export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined in a policy of an identity, which is its own principal. */
  readonly principals: Principals | undefined;
  readonly actions: Patterns;
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
}

/** Whom a statement is about, by kind (AWS, Service, Federated, CanonicalUser; `*` is AWS `*`). */
export interface Principals {
  readonly not: boolean;
  readonly byKind: Readonly<Record<string, readonly string[]>>;
}

/** What a statement is about: any of the patterns, or none of them. */
export interface Patterns {
  readonly not: boolean;
  readonly patterns: readonly string[];
}

/** One key of one operator of a Condition block. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/**
 * Reads a policy's JSON. Throws BadInputError, with `where` in it, for what IAM would not take as a policy: the rules
 * are those of "IAM JSON policy elements" in the IAM User Guide.
 */
export function parsePolicy(text: string, where: string): PolicyDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadInputError(`${where} is not JSON`);
  }
  const { Statement } = object(value, where);
  if (Statement === undefined) throw new BadInputError(`${where} has no Statement`);
  const list = Array.isArray(Statement) ? Statement : [Statement];
  return { statements: list.map((entry, index) => statementOf(entry, `${where}, statement ${index + 1}`)) };
}

function statementOf(value: unknown, where: string): Statement {
  const fields = object(value, where);
  const { Sid, Effect } = fields;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new BadInputError(`${where} neither allows nor denies`);
  return {
    sid: typeof Sid === 'string' ? Sid : undefined,
    effect: Effect,
    principals: principalsOf(fields, where),
    actions: patternsOf(fields, 'Action', where),
    // A trust policy has no resource: it is about the role itself.
    resources:
      fields.Resource === undefined && fields.NotResource === undefined
        ? { not: false, patterns: ['*'] }
        : patternsOf(fields, 'Resource', where),
    conditions: conditionsOf(fields.Condition, where),
  };
}

function principalsOf(fields: Record<string, unknown>, where: string): Principals | undefined {
  const not = fields.NotPrincipal !== undefined;
  const said = not ? fields.NotPrincipal : fields.Principal;
  if (said === undefined) return undefined;
  if (typeof said === 'string') return { not, byKind: { AWS: [said] } };
  const byKind = Object.entries(object(said, `${where}: Principal`)).map(
    ([kind, names]) => [kind, texts(names, `${where}: ${kind}`)] as const,
  );
  return { not, byKind: Object.fromEntries(byKind) };
}

function patternsOf(fields: Record<string, unknown>, name: string, where: string): Patterns {
  const not = fields[`Not${name}`] !== undefined;
  const said = not ? fields[`Not${name}`] : fields[name];
  if (said === undefined) throw new BadInputError(`${where} has no ${name}`);
  return { not, patterns: texts(said, `${where}: ${name}`) };
}

function conditionsOf(value: unknown, where: string): Condition[] {
  if (value === undefined) return [];
  return Object.entries(object(value, `${where}: Condition`)).flatMap(([operator, keys]) =>
    Object.entries(object(keys, `${where}: ${operator}`)).map(([key, values]) => ({
      operator,
      key,
      values: texts(values, `${where}: ${key}`),
    })),
  );
}

function texts(value: unknown, where: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((entry) => {
    if (['string', 'number', 'boolean'].includes(typeof entry)) return String(entry);
    throw new BadInputError(`${where} is not text`);
  });
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new BadInputError(`${where} is not a JSON object`);
}
