import type { Problem } from '../errors.ts';
import type { Json, JsonObject, Template } from './model.ts';
import type { ParameterValue } from './parameters.ts';
import { StackEvaluation } from './stack-evaluation.ts';

/** Where, and from what, a stack would be made. */
export interface StackInput {
  readonly stackName: string;
  /** Values as they are given to CloudFormation: lists comma-separated. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What stacks of the region export, by name. */
  readonly imports?: ReadonlyMap<string, string>;
  /** Default: us-east-1. */
  readonly region?: string;
  /** Default: 123456789012. */
  readonly account?: string;
  /** Default: aws. */
  readonly partition?: string;
  /**
   * What AWS says of a thing that a parameter names: `detailOf('subnet-1', 'VpcId')`. Without it rules that ask for
   * such details are not judged.
   */
  readonly detailOf?: (thing: string, attribute: string) => string | undefined;
  /**
   * Evaluates the template at the URL of a nested stack: `(url, input) => evaluate(templateAt(url), input)`; undefined
   * when there is none. The input has what the nested stack is given.
   */
  readonly nested?: (templateUrl: string, input: StackInput) => EvaluatedStack | undefined;
}

/** A resource that the stack would have. */
export interface EvaluatedResource {
  readonly type: string;
  /** Functions carried out; `<unresolved>` where one failed. Dynamic references (`{{resolve:...}}`) stay. */
  readonly properties: JsonObject;
  /** What `Ref` gives of it; undefined for a type that is not known here, and for a nested stack. */
  readonly ref?: string;
  /** What `Fn::GetAtt` gives of it. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Resources that it names, or refers to: they are there before it. */
  readonly after: readonly string[];
  /** Those that DependsOn names. */
  readonly dependsOn: readonly string[];
  readonly deletionPolicy?: Json;
  readonly updateReplacePolicy?: Json;
  /** What is in the stack, when the resource is one. */
  readonly nested?: EvaluatedStack;
}

export interface EvaluatedOutput {
  readonly value: string;
  readonly exportName?: string;
}

/** What CloudFormation would make of a template and values of its parameters. */
export interface EvaluatedStack {
  readonly stackName: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly conditions: Readonly<Record<string, boolean>>;
  /** Without those whose condition does not hold. */
  readonly resources: Readonly<Record<string, EvaluatedResource>>;
  readonly outputs: Readonly<Record<string, EvaluatedOutput>>;
  /** What the stack, and those nested in it, export. */
  readonly exports: ReadonlyMap<string, string>;
  /** Names of exports that it imports. */
  readonly imports: readonly string[];
  /** Everything that CloudFormation would refuse; those of nested stacks begin with the path of the resource. */
  readonly problems: readonly Problem[];
}

/**
 * Carries out a template without an account: parameters are checked, Rules judged, conditions and functions resolved,
 * with stand-ins of the right kind for what resources would be (`standIn`). Never throws for a fault of the template or
 * the values: they are the `problems` of what it returns, each with its place.
 *
 * What it goes by is the CloudFormation user guide, "Template sections" and "Intrinsic function reference"; where that
 * is silent, the messages of the service. It does not know whether properties are valid for their type: cfn-lint does.
 */
export function evaluate(template: Template, input: StackInput): EvaluatedStack {
  return new StackEvaluation(template, input).run();
}
