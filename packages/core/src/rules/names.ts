import type { Rule } from './rule.ts';

/** What a rule's parts are called on AWS. */
export interface RuleNames {
  readonly inputQueue: string;
  readonly completeQueue: string;
  readonly function: string;
  readonly repository: string;
}

/** The names that the Terraform module gives a rule's parts; `namespace` sets installations apart. */
export function ruleNames(namespace: string, { name }: Pick<Rule, 'name'>): RuleNames {
  const base = `${namespace}-${name}`;
  const lower = base.toLowerCase();
  return {
    inputQueue: `${base}Input`,
    completeQueue: `${base}Complete`,
    function: `${lower}-lambda`,
    repository: `${lower}/lambda`,
  };
}
