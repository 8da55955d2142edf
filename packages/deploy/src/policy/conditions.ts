import type { Condition } from './document.ts';
import { matches, matchesArn } from './wildcards.ts';

/** Whether something holds; `maybe` where that depends on what is not known here. */
export type Certainty = 'yes' | 'no' | 'maybe';

/**
 * What is known of a request, by condition key in lower case. `complete` says that keys which are not named are absent
 * from the request; otherwise they are unknown.
 */
export interface RequestContext {
  readonly keys: Readonly<Record<string, readonly string[] | undefined>>;
  readonly complete: boolean;
}

type Comparison = (wanted: string, given: string) => boolean;

const POSITIVE: Readonly<Record<string, Comparison>> = {
  stringequals: (wanted, given) => wanted === given,
  stringequalsignorecase: (wanted, given) => wanted.toLowerCase() === given.toLowerCase(),
  stringlike: matches,
  // Both operators take wildcards and behave identically.
  arnequals: matchesArn,
  arnlike: matchesArn,
  bool: (wanted, given) => wanted.toLowerCase() === given.toLowerCase(),
  numericequals: (wanted, given) => Number(wanted) === Number(given),
  numericlessthan: (wanted, given) => Number(given) < Number(wanted),
  numericlessthanequals: (wanted, given) => Number(given) <= Number(wanted),
  numericgreaterthan: (wanted, given) => Number(given) > Number(wanted),
  numericgreaterthanequals: (wanted, given) => Number(given) >= Number(wanted),
};

const NEGATED: Readonly<Record<string, Comparison>> = {
  stringnotequals: POSITIVE.stringequals,
  stringnotequalsignorecase: POSITIVE.stringequalsignorecase,
  stringnotlike: POSITIVE.stringlike,
  arnnotequals: POSITIVE.arnequals,
  arnnotlike: POSITIVE.arnlike,
  numericnotequals: POSITIVE.numericequals,
};

/** All of the conditions together: `no` as soon as one is sure not to hold. */
export function holds(conditions: readonly Condition[], context: RequestContext): Certainty {
  return all(conditions.map((condition) => holdsOne(condition, context)));
}

/** Every one of them. */
export function all(parts: readonly Certainty[]): Certainty {
  if (parts.includes('no')) return 'no';
  return parts.includes('maybe') ? 'maybe' : 'yes';
}

/** At least one of them. */
export function any(parts: readonly Certainty[]): Certainty {
  if (parts.includes('yes')) return 'yes';
  return parts.includes('maybe') ? 'maybe' : 'no';
}

function holdsOne({ operator, key, values }: Condition, context: RequestContext): Certainty {
  const { quantifier, name, ifExists } = partsOf(operator);
  const lower = key.toLowerCase();
  const known = Object.hasOwn(context.keys, lower) || context.complete;
  const given = Object.hasOwn(context.keys, lower) ? context.keys[lower] : undefined;
  if (!known) return 'maybe';
  if (name === 'null') return (given === undefined) === (values[0]?.toLowerCase() === 'true') ? 'yes' : 'no';
  const compare = POSITIVE[name] ?? NEGATED[name];
  if (compare === undefined) return 'maybe';
  if (given === undefined) {
    // At least one value of none is never there, whatever it is compared with.
    if (quantifier === 'foranyvalue') return ifExists ? 'yes' : 'no';
    return ifExists || quantifier === 'forallvalues' || name in NEGATED ? 'yes' : 'no';
  }
  return comparedWith(values, given, { compare, quantifier, negated: name in NEGATED }, context);
}

function comparedWith(
  values: readonly string[],
  given: readonly string[],
  how: { compare: Comparison; quantifier: string | undefined; negated: boolean },
  context: RequestContext,
): Certainty {
  const resolved = values.map((value) => resolve(value, context));
  const unsure = resolved.includes(undefined);
  const wanted = resolved.filter((value) => value !== undefined);
  const one = (text: string): Certainty => {
    if (wanted.some((value) => how.compare(value, text))) return how.negated ? 'no' : 'yes';
    if (unsure) return 'maybe';
    return how.negated ? 'yes' : 'no';
  };
  const each = given.map(one);
  return how.quantifier === 'forallvalues' ? all(each) : any(each);
}

function partsOf(operator: string): { quantifier: string | undefined; name: string; ifExists: boolean } {
  const [first, second] = operator.toLowerCase().split(':');
  const name = second ?? first;
  const ifExists = name.endsWith('ifexists');
  return {
    quantifier: second === undefined ? undefined : first,
    name: ifExists ? name.slice(0, -'ifexists'.length) : name,
    ifExists,
  };
}

/** A value with its policy variables replaced, or undefined where one of them is not known. */
export function resolve(value: string, context: RequestContext): string | undefined {
  let unknown = false;
  const text = value.replace(/\$\{([^}]*)\}/g, (_all, variable: string) => {
    // ${*}, ${?} and ${$} are those characters themselves.
    if (['*', '?', '$'].includes(variable)) return variable;
    const [key, fallback] = variable.split(',').map((part) => part.trim());
    const [known] = context.keys[key.toLowerCase()] ?? [];
    if (known === undefined && fallback === undefined) unknown = true;
    return known ?? fallback?.replace(/^'|'$/g, '') ?? '';
  });
  return unknown ? undefined : text;
}
