import type { Position } from '../errors.ts';

/** A value of a template: plain data, with functions in their long form (`{"Ref": "X"}`). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface ParameterDeclaration {
  readonly type: string;
  readonly default?: string;
  readonly allowedValues?: readonly string[];
  readonly allowedPattern?: string;
  readonly constraintDescription?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly noEcho: boolean;
  readonly description?: string;
}

export interface RuleDeclaration {
  /** The assertions count only when it holds; always when there is none. */
  readonly condition?: Json;
  readonly assertions: readonly { readonly assert: Json; readonly description?: string }[];
}

export interface ResourceDeclaration {
  readonly type: string;
  readonly properties: JsonObject;
  readonly condition?: string;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy?: Json;
  readonly updateReplacePolicy?: Json;
}

export interface OutputDeclaration {
  readonly value: Json;
  readonly condition?: string;
  readonly exportName?: Json;
  readonly description?: string;
}

/** A template, its sections as typed plain data. */
export interface Template {
  readonly description?: string;
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly rules: Readonly<Record<string, RuleDeclaration>>;
  readonly mappings: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  readonly conditions: Readonly<Record<string, Json>>;
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
  /** Where each path of the text stands. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** Whether `value` is a mapping: neither a scalar nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Scalars as CloudFormation compares and joins them: it knows texts alone (`Yes` of YAML 1.1 is `true`). */
export function scalarText(value: Json): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
