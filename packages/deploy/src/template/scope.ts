import { isObject, type Json, scalarText } from './model.ts';

/** A property that is as if it were not written. */
export const NO_VALUE = Symbol('AWS::NoValue');
/** What a failed function gives, so that what is around it does not fail for the same reason. */
export const UNRESOLVED = Symbol('unresolved');

/** A value on its way: plain data, or one of the two marks. */
export type Value =
  | string
  | number
  | boolean
  | typeof NO_VALUE
  | typeof UNRESOLVED
  | readonly Value[]
  | { readonly [key: string]: Value };

/** What functions may ask of the stack that they stand in. */
export interface Scope {
  /** Functions that may stand here, by name. */
  readonly functions: ReadonlySet<string>;
  readonly region: string;
  /** Records a problem. */
  fail(path: string, message: string): typeof UNRESOLVED;
  /** What `Ref: name` is. */
  reference(name: string, path: string): Value;
  /** What `Fn::GetAtt: [id, attribute]` is. */
  attribute(id: string, attribute: string, path: string): Value;
  /** Whether a condition of the template holds. */
  condition(name: string, path: string): boolean | typeof UNRESOLVED;
  /** What another stack exports as `name`. */
  imported(name: string, path: string): Value;
  /** An entry of the section Mappings. */
  mapping(map: string, first: string, second: string): Json | undefined;
  /** The values of all parameters of a type, and of lists of it. */
  parametersOf(type: string): readonly string[];
  /** What AWS says of a thing that a parameter names; undefined when nobody is there to ask. */
  detailOf(thing: string, attribute: string): string | undefined;
  /** This scope without the stack's resources, where CloudFormation knows none yet; `why` says so. */
  withoutResources(why: string): Scope;
}

/** Scalars as texts; undefined for all else. */
export function valueText(value: Value): string | undefined {
  return typeof value === 'symbol' ? undefined : scalarText(value as Json);
}

/** Whether `value` is, or holds, what could not be resolved. */
export function isUnresolved(value: Value): boolean {
  if (value === UNRESOLVED) return true;
  if (Array.isArray(value)) return value.some(isUnresolved);
  return isObject(value) && Object.values(value as Record<string, Value>).some(isUnresolved);
}

/** `value` as plain data. What could not be resolved is the text `<unresolved>`; its problem is recorded. */
export function settled(value: Value): Json {
  if (typeof value === 'symbol') return '<unresolved>';
  if (Array.isArray(value)) return value.map(settled);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, settled(item as Value)]));
  }
  return value as Json;
}
