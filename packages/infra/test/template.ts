import type { TemplateStack } from '../src/template-stack.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what they expect to be there
  readonly Properties: any;
  readonly Condition?: string;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Parameters: Record<
    string,
    { Type: string; Default?: unknown; NoEcho?: boolean; AllowedPattern?: string }
  >;
  readonly Rules?: Record<
    string,
    { RuleCondition?: unknown; Assertions: { Assert: unknown; AssertDescription: string }[] }
  >;
  readonly Conditions?: Record<string, unknown>;
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { Value: unknown; Condition?: string; Export?: { Name: unknown } }>;
}

export function templateOf(stack: TemplateStack): Template {
  return stack.template() as unknown as Template;
}

/** The exports of a template, without the name of the stack in front. */
export function exportsOf({ Outputs }: Template): string[] {
  return Object.values(Outputs).flatMap(({ Export }) => {
    if (Export === undefined) return [];
    const { 'Fn::Sub': name } = Export.Name as { 'Fn::Sub': string };
    return [name.replace(/^\$\{AWS::StackName\}-/, '')];
  });
}

/** Every parameter, resource and pseudo parameter that `value` refers to. */
export function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const look = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, inner] of Object.entries(at)) {
      if (key === 'Ref') found.add(inner);
      else if (key === 'Fn::GetAtt') found.add(inner[0]);
      else if (key === 'Fn::Sub') {
        const [text, more] = Array.isArray(inner) ? inner : [inner, {}];
        for (const [, name] of text.matchAll(/\$\{([^!}.]+)[^}]*\}/g)) if (!(name in more)) found.add(name);
        look(more);
      } else look(inner);
    }
  };
  look(value);
  return found;
}
