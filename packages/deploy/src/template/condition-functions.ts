import { type Call, type Intrinsic, members } from './call.ts';
import { isUnresolved, UNRESOLVED, type Value, valueText } from './scope.ts';

/**
 * The functions of Conditions and Rules, as
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
 * and .../intrinsic-function-reference-rules.html have them. What they compare are texts.
 */
export const CONDITION_FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Condition: ({ argument, scope, path, fail }) =>
    typeof argument === 'string' ? scope.condition(argument, path) : fail('takes the name of a condition'),
  'Fn::And': (call) => combined(call, (truths) => truths.every(Boolean)),
  'Fn::Or': (call) => combined(call, (truths) => truths.some(Boolean)),
  'Fn::Not': (call) => {
    const values = members(call, 1, 1, 'a list of one condition');
    if (values === undefined) return UNRESOLVED;
    const truth = truthOf(values[0]);
    return truth === undefined ? call.fail('negates a condition') : !truth;
  },
  'Fn::Equals': (call) => {
    const values = members(call, 2, 2, 'two values');
    return values === undefined ? UNRESOLVED : canonical(values[0]) === canonical(values[1]);
  },
  'Fn::Contains': (call) => {
    const values = members(call, 2, 2, 'a list and a value');
    if (values === undefined) return UNRESOLVED;
    const list = listOf(values[0]);
    return list === undefined ? call.fail('looks into a list') : list.includes(canonical(values[1]));
  },
  'Fn::EachMemberEquals': (call) => {
    const values = members(call, 2, 2, 'a list and a value');
    if (values === undefined) return UNRESOLVED;
    const list = listOf(values[0]);
    return list === undefined
      ? call.fail('looks into a list')
      : list.every((item) => item === canonical(values[1]));
  },
  'Fn::EachMemberIn': (call) => {
    const values = members(call, 2, 2, 'two lists');
    if (values === undefined) return UNRESOLVED;
    const [list, all] = values.map(listOf);
    if (list === undefined || all === undefined) return call.fail('takes two lists');
    return list.every((item) => all.includes(item));
  },
  'Fn::RefAll': ({ argument, scope, fail }) =>
    typeof argument === 'string' ? scope.parametersOf(argument) : fail('takes a type of parameters'),
  'Fn::ValueOf': (call) => details(call, (name) => call.scope.reference(name, call.path)),
  'Fn::ValueOfAll': (call) => details(call, (type) => call.scope.parametersOf(type)),
};

function combined(call: Call, judge: (truths: boolean[]) => boolean): Value {
  const values = members(call, 2, 10, '2 to 10 conditions');
  if (values === undefined) return UNRESOLVED;
  const truths = values.map(truthOf);
  return truths.includes(undefined) ? call.fail('combines conditions alone') : judge(truths as boolean[]);
}

/** An attribute of what parameters name. Without an account to ask it is unresolved: the rule is not judged. */
function details(call: Call, things: (of: string) => Value): Value {
  const { argument, scope } = call;
  if (!Array.isArray(argument) || argument.length !== 2) return call.fail('takes a name and an attribute');
  const [of, attribute] = argument;
  if (typeof of !== 'string' || typeof attribute !== 'string')
    return call.fail('takes a name and an attribute');
  const named = things(of);
  const one = (thing: Value) => scope.detailOf(valueText(thing) ?? '', attribute) ?? UNRESOLVED;
  return Array.isArray(named) ? (named as Value[]).map(one) : one(named);
}

function truthOf(value: Value): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function listOf(value: Value): string[] | undefined {
  return Array.isArray(value) && !isUnresolved(value) ? (value as Value[]).map(canonical) : undefined;
}

function canonical(value: Value): string {
  return valueText(value) ?? JSON.stringify(value);
}
