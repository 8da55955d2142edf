import type { ICfnConditionExpression, IResolvable } from 'aws-cdk-lib/core';
import { Aws, CfnCondition, type CfnParameter, Fn, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** A condition that a parameter of text holds something. */
export function isGiven(scope: Construct, id: string, parameter: CfnParameter): CfnCondition {
  return new CfnCondition(scope, id, { expression: not(Fn.conditionEquals(parameter.valueAsString, '')) });
}

/** A condition that `parameter` is `value`. */
export function isValue(scope: Construct, id: string, parameter: CfnParameter, value: string): CfnCondition {
  return new CfnCondition(scope, id, { expression: Fn.conditionEquals(parameter.valueAsString, value) });
}

export const not = (condition: ICfnConditionExpression): ICfnConditionExpression =>
  Fn.conditionNot(condition);

/** One value or the other, where CloudFormation's own form is taken: whole list elements, mappings, booleans. */
export function either(condition: CfnCondition, yes: unknown, no: unknown): IResolvable {
  return Fn.conditionIf(condition.logicalId, yes, no);
}

/** `value` where `condition` holds, and nothing at all where it does not. */
export function onlyIf(condition: CfnCondition, value: unknown): IResolvable {
  return either(condition, value, Aws.NO_VALUE);
}

export const eitherText = (condition: CfnCondition, yes: string, no: string): string =>
  Token.asString(either(condition, yes, no));

export const eitherList = (condition: CfnCondition, yes: unknown, no: unknown): string[] =>
  Token.asList(either(condition, yes, no));

export const eitherNumber = (condition: CfnCondition, yes: unknown, no: unknown): number =>
  Token.asNumber(either(condition, yes, no));
