export { parseRules, RULE_DEFAULTS } from './declaration.ts';
export { type RuleNames, ruleNames } from './names.ts';
export { checkRules, overlap, type PrefixRule, type Rule, ruleFor } from './rule.ts';
