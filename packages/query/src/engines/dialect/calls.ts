import type { ExactObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import type { SqlType, Typed } from './types.ts';

/** One call of a function that is no aggregate. */
export interface Call {
  readonly name: string;
  readonly part: ExactObject;
  readonly nodes: readonly ExactObject[];
  readonly translate: (node: ExactObject) => Typed;
  readonly cx: Context;
}

/** What a function becomes. Throws QueryError where that would not be the same. */
export type Bridge = (call: Call) => Typed;

/** The refusal of `what`, which the call asks for. */
export const refusal = (call: Call, what: string) => call.cx.refusals.of(call.part, what);

/** The arguments, of which there are so many. */
export function all(call: Call, count: number): Typed[] {
  if (call.nodes.length !== count) throw refusal(call, `${call.name} of ${call.nodes.length} arguments`);
  return call.nodes.map(call.translate);
}

/** The arguments, which are of these types; undefined stands for any. */
export function values(call: Call, types: readonly (SqlType | undefined)[]): Typed[] {
  const found = all(call, types.length);
  if (found.some(({ type }, i) => types[i] !== undefined && type !== types[i] && type !== 'NULL')) {
    throw refusal(call, `${call.name} of ${found.map(({ type }) => type).join(', ')}`);
  }
  return found;
}
