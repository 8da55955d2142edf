import type { EvaluatedResource, EvaluatedStack, Json, JsonObject, Template } from '@lakewright/deploy';

/** One stack of an install: its file, the template in it, and what that comes to. */
export interface DeployedStack {
  readonly file: string;
  readonly template: Template;
  readonly stack: EvaluatedStack;
}

/** Stacks that are there together, nested ones beside their parents. */
export interface Deployment {
  readonly stacks: readonly DeployedStack[];
}

/** A resource and where it is. */
export interface Placed extends EvaluatedResource {
  readonly file: string;
  readonly id: string;
  readonly of: DeployedStack;
}

/** One fault that a check found. */
export interface Finding {
  readonly file: string;
  /** Logical id, or the name of a parameter. */
  readonly resource: string;
  readonly message: string;
}

/** Looks for one kind of fault in an install. */
export type Check = (deployment: Deployment) => Finding[];

/** Resources of each stack by type, placed once: checks ask for them again and again. */
const PLACED = new WeakMap<DeployedStack, ReadonlyMap<string, readonly Placed[]>>();

/** All resources of the types, or of all types. */
export function resourcesOf({ stacks }: Deployment, ...types: string[]): Placed[] {
  return stacks.flatMap((of) => {
    const known = PLACED.get(of) ?? placed(of);
    PLACED.set(of, known);
    return types.length === 0 ? [...known.values()].flat() : types.flatMap((type) => known.get(type) ?? []);
  });
}

function placed(of: DeployedStack): Map<string, Placed[]> {
  const all = Object.entries(of.stack.resources).map(([id, resource]) => ({
    ...resource,
    id,
    file: of.file,
    of,
  }));
  return Map.groupBy(all, ({ type }) => type);
}

export function finding({ file, id }: Placed, message: string): Finding {
  return { file, resource: id, message };
}

/** What is at `path` in a value; undefined where the path ends early. */
export function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string | number, Json>)[key];
  }
  return found;
}

/** The scalar at `path` as text; empty when there is none. */
export function textAt(value: Json | undefined, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'object' || found === undefined ? '' : String(found);
}

/** The list at `path`; a single value is a list of one, nothing an empty one. */
export function listAt(value: Json | undefined, ...path: (string | number)[]): readonly Json[] {
  const found = at(value, ...path);
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? found : [found];
}

/** The texts of the list at `path`. */
export function textsAt(value: Json | undefined, ...path: (string | number)[]): string[] {
  return listAt(value, ...path).map((item) => textAt(item));
}

/** Every text in a value, with the path to it. */
export function* textsIn(
  value: Json,
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; text: string }> {
  if (typeof value === 'string') yield { path, text: value };
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value as JsonObject)) yield* textsIn(item, [...path, key]);
  }
}
