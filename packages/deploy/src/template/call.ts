import type { Json } from './model.ts';
import { isUnresolved, type Scope, type UNRESOLVED, type Value } from './scope.ts';

/** One call of a function. */
export interface Call {
  readonly argument: Json;
  readonly path: string;
  readonly scope: Scope;
  /** Resolves a part of the argument that is at `at`, or, without `at`, the argument itself. */
  resolve(value: Json, at?: string | number, scope?: Scope): Value;
  /** Records that the call is wrong. */
  fail(message: string): typeof UNRESOLVED;
}

export type Intrinsic = (call: Call) => Value;

/** The argument as a list of `least` to `most` members, resolved; undefined when it is none, or one is unresolved. */
export function members(call: Call, least: number, most: number, usage: string): Value[] | undefined {
  const { argument } = call;
  if (!Array.isArray(argument) || argument.length < least || argument.length > most) {
    call.fail(`takes ${usage}`);
    return undefined;
  }
  const values = argument.map((item, index) => call.resolve(item, index));
  return values.some(isUnresolved) ? undefined : values;
}
