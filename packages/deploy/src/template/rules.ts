import type { Problem } from '../errors.ts';
import type { RuleDeclaration } from './model.ts';
import { resolve } from './resolve.ts';
import { type Scope, UNRESOLVED } from './scope.ts';

/**
 * Judges the section Rules: an assertion that does not hold, while its rule's condition does, is a problem of kind
 * `rule` (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html).
 */
export function judgeRules(
  rules: Readonly<Record<string, RuleDeclaration>>,
  scope: Scope,
  fail: (path: string, message: string, kind: Problem['kind']) => void,
): void {
  for (const [name, { condition, assertions }] of Object.entries(rules)) {
    const path = `Rules/${name}`;
    if (condition !== undefined && resolve(condition, `${path}/RuleCondition`, scope) !== true) continue;
    for (const [index, { assert, description }] of assertions.entries()) {
      const at = `${path}/Assertions/${index}`;
      const holds = resolve(assert, `${at}/Assert`, scope);
      if (holds === false) fail(at, description ?? 'the assertion does not hold', 'rule');
      else if (holds !== true && holds !== UNRESOLVED) fail(at, 'is no condition', 'evaluation');
    }
  }
}
