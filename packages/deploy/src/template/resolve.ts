import type { Intrinsic } from './call.ts';
import { CONDITION_FUNCTIONS } from './condition-functions.ts';
import { INTRINSICS } from './intrinsics.ts';
import { isObject, type Json } from './model.ts';
import { NO_VALUE, type Scope, UNRESOLVED, type Value } from './scope.ts';

/** Functions of CloudFormation's language extensions, which are a macro. */
const EXTENSIONS = ['Fn::Length', 'Fn::ToJsonString', 'Fn::ForEach', 'Fn::Transform'];

const FUNCTIONS = new Map<string, Intrinsic>([
  ...Object.entries(INTRINSICS),
  ...Object.entries(CONDITION_FUNCTIONS),
]);

/**
 * `value` with every function in it carried out. Members of lists and properties whose value is AWS::NoValue are left
 * out (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html).
 */
export function resolve(value: Json, path: string, scope: Scope): Value {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolve(item, `${path}/${index}`, scope))
      .filter((item) => item !== NO_VALUE);
  }
  if (!isObject(value)) return (value as Value | null) ?? UNRESOLVED;
  const keys = Object.keys(value);
  const name = keys.find((key) => key === 'Ref' || key.startsWith('Fn::') || isCondition(key, value, scope));
  if (name === undefined) {
    const entries = keys.map((key) => [key, resolve(value[key], `${path}/${key}`, scope)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE));
  }
  if (keys.length > 1) return scope.fail(path, `${name} stands beside other keys: ${keys.join(', ')}`);
  return call(name, value[name], `${path}/${name}`, scope);
}

/** `Condition` is a function among conditions alone: statements of policies have a key of this name. */
function isCondition(key: string, value: object, scope: Scope): boolean {
  return key === 'Condition' && scope.functions.has(key) && Object.keys(value).length === 1;
}

function call(name: string, argument: Json, path: string, scope: Scope): Value {
  if (EXTENSIONS.includes(name))
    return scope.fail(path, `${name} needs a transform, which is not understood here`);
  const known: Intrinsic | undefined = FUNCTIONS.get(name);
  if (known === undefined) return scope.fail(path, `${name} is no function of CloudFormation`);
  if (!scope.functions.has(name)) return scope.fail(path, `${name} may not stand here`);
  return known({
    argument,
    path,
    scope,
    resolve: (value, at, within = scope) => resolve(value, at === undefined ? path : `${path}/${at}`, within),
    fail: (message) => scope.fail(path, message),
  });
}
