import { expect, test } from 'vitest';
import { type Template, templateOf } from '../../../test/template.ts';
import { CollectorStack } from '../collector/stack.ts';
import { ServicesStack } from './stack.ts';

const STACKS: readonly [string, Template][] = [
  ['the services', templateOf(new ServicesStack())],
  ['the collector', templateOf(new CollectorStack())],
];
const ofType = ({ Resources }: Template, type: string) =>
  Object.values(Resources)
    .filter(({ Type }) => Type === `AWS::ElasticLoadBalancingV2::${type}`)
    .map(({ Properties }) => Properties);

test.each(STACKS)('a change of the scheme replaces the target groups of %s, too', (_what, template) => {
  const [{ Scheme: scheme }] = ofType(template, 'LoadBalancer');
  const groups = ofType(template, 'TargetGroup');
  const names = groups.map(({ Name }) => Name['Fn::Join'][1]);
  for (const parts of names) expect(parts).toContainEqual(scheme);
  // Each of its own port, and none longer than 32 characters.
  expect(names.map(([, port]) => port)).toEqual(groups.map(({ Port }) => String(Port)));
  const { AllowedValues } = template.Parameters[scheme.Ref] as unknown as { AllowedValues: string[] };
  for (const value of AllowedValues) {
    for (const [, port] of names) expect(['01234567', port, value].join('-').length).toBeLessThanOrEqual(32);
  }
});
