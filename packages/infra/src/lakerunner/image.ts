import type { CfnParameter } from 'aws-cdk-lib/core';
import { CfnCondition, Fn } from 'aws-cdk-lib/core';
import type { TemplateStack } from '../template-stack.ts';
import { not } from './conditions.ts';

/** Ends the name of an image for certain, which no name holds. */
const END = '!';

/** An image that a parameter names, and whether it is one of Lakerunner's own. */
export interface ServiceImage {
  readonly parameter: CfnParameter;
  readonly isLakerunners: CfnCondition;
}

/**
 * Declares the parameter `name` and the condition `condition`. CloudFormation cannot search in a text: it splits the name at
 * `marker`, put once more behind it, and there is something between the two when the name holds the marker itself.
 */
export function imageParameter(
  stack: TemplateStack,
  options: {
    name: string;
    description: string;
    image: string;
    marker: string;
    condition: string;
  },
): ServiceImage {
  const { name, description, image, marker, condition } = options;
  const parameter = stack.parameter(name, { description, type: 'String', default: image });
  const marked = Fn.join('', [parameter.valueAsString, END, marker]);
  const isLakerunners = new CfnCondition(stack, condition, {
    expression: not(Fn.conditionEquals(Fn.select(1, Fn.split(marker, marked)), '')),
  });
  return { parameter, isLakerunners };
}
