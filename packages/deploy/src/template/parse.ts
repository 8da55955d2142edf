import { TemplateError } from '../errors.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  type OutputDeclaration,
  type ParameterDeclaration,
  type ResourceDeclaration,
  type RuleDeclaration,
  scalarText,
  type Template,
} from './model.ts';
import { readText } from './read.ts';

const SECTIONS = new Set([
  ...['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Parameters', 'Rules', 'Mappings', 'Conditions'],
  ...['Transform', 'Resources', 'Outputs'],
]);

const RESOURCE_ATTRIBUTES = new Set([
  ...[
    'Type',
    'Properties',
    'Condition',
    'DependsOn',
    'DeletionPolicy',
    'UpdateReplacePolicy',
    'UpdatePolicy',
  ],
  ...['CreationPolicy', 'Metadata'],
]);

/**
 * Reads a CloudFormation template, YAML (short forms of functions too) or JSON. `source` names it in errors.
 *
 * Throws TemplateError with every problem of the text and its structure, each with its place. Macros (`Transform`) are
 * refused: what they make of a template, only AWS knows.
 */
export function parseTemplate(text: string, source = 'the text'): Template {
  const { value, positions, problems: found } = readText(text);
  const problems = [...found];
  const shape = new Shape((path, message) =>
    problems.push({ kind: 'syntax', path, message, position: positions.get(path) }),
  );
  const template = problems.length > 0 ? undefined : shape.template(value);
  if (template === undefined || problems.length > 0) throw new TemplateError(source, problems);
  return { ...template, positions };
}

/** Goes through the sections and tells `refuse` of what is not as CloudFormation has it. */
class Shape {
  readonly #refuse: (path: string, message: string) => void;

  constructor(refuse: (path: string, message: string) => void) {
    this.#refuse = refuse;
  }

  template(value: Json): Omit<Template, 'positions'> {
    const root = this.#object(value, '');
    for (const section of Object.keys(root)) {
      if (!SECTIONS.has(section)) this.#refuse(section, 'a template has no such section');
    }
    if ('Transform' in root) this.#refuse('Transform', 'macros are not understood here');
    const resources = this.#each(root, 'Resources', (item, path) => this.#resource(item, path));
    if (Object.keys(resources).length === 0) this.#refuse('Resources', 'at least one resource must be there');
    return {
      description: this.#text(root.Description, 'Description'),
      parameters: this.#each(root, 'Parameters', (item, path) => this.#parameter(item, path)),
      rules: this.#each(root, 'Rules', (item, path) => this.#rule(item, path)),
      mappings: this.#each(root, 'Mappings', (item, path) =>
        Object.fromEntries(
          Object.entries(item).map(([key, map]) => [key, this.#object(map, `${path}/${key}`)]),
        ),
      ),
      conditions: this.#each(root, 'Conditions', (item) => item),
      resources,
      outputs: this.#each(root, 'Outputs', (item, path) => this.#output(item, path)),
    };
  }

  #each<T>(
    root: JsonObject,
    section: string,
    make: (item: JsonObject, path: string) => T,
  ): Record<string, T> {
    const entries = Object.entries(this.#object(root[section] ?? {}, section));
    return Object.fromEntries(
      entries.map(([name, item]) => {
        const path = `${section}/${name}`;
        if (!/^[A-Za-z0-9]{1,255}$/.test(name))
          this.#refuse(path, 'a logical id is letters and digits, 255 at most');
        return [name, make(this.#object(item, path), path)];
      }),
    );
  }

  #object(value: Json, path: string): JsonObject {
    if (isObject(value)) return value;
    this.#refuse(path, 'must be a mapping');
    return {};
  }

  #list(value: Json | undefined, path: string): readonly Json[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.#refuse(path, 'must be a list');
    return [];
  }

  #text(value: Json | undefined, path: string): string | undefined {
    if (value === undefined) return undefined;
    const text = scalarText(value);
    if (text === undefined) this.#refuse(path, 'must be a text, without functions');
    return text;
  }

  #number(value: Json | undefined, path: string): number | undefined {
    const text = this.#text(value, path);
    if (text === undefined) return undefined;
    if (text.trim() === '' || !Number.isFinite(Number(text))) this.#refuse(path, `${text} is no number`);
    return Number(text);
  }

  #parameter(item: JsonObject, path: string): ParameterDeclaration {
    const type = this.#text(item.Type, `${path}/Type`);
    if (type === undefined) this.#refuse(path, 'a parameter has a Type');
    const pattern = this.#text(item.AllowedPattern, `${path}/AllowedPattern`);
    if (pattern !== undefined && !isPattern(pattern)) {
      this.#refuse(`${path}/AllowedPattern`, `${pattern} is no regular expression`);
    }
    return {
      type: type ?? 'String',
      default: this.#text(item.Default, `${path}/Default`),
      allowedValues:
        item.AllowedValues === undefined
          ? undefined
          : this.#list(item.AllowedValues, `${path}/AllowedValues`).map(
              (value, index) => this.#text(value, `${path}/AllowedValues/${index}`) ?? '',
            ),
      allowedPattern: pattern,
      constraintDescription: this.#text(item.ConstraintDescription, `${path}/ConstraintDescription`),
      minLength: this.#number(item.MinLength, `${path}/MinLength`),
      maxLength: this.#number(item.MaxLength, `${path}/MaxLength`),
      minValue: this.#number(item.MinValue, `${path}/MinValue`),
      maxValue: this.#number(item.MaxValue, `${path}/MaxValue`),
      noEcho: scalarText(item.NoEcho ?? false) === 'true',
      description: this.#text(item.Description, `${path}/Description`),
    };
  }

  #rule(item: JsonObject, path: string): RuleDeclaration {
    const assertions = this.#list(item.Assertions, `${path}/Assertions`);
    if (assertions.length === 0) this.#refuse(path, 'a rule has Assertions');
    return {
      condition: item.RuleCondition,
      assertions: assertions.map((entry, index) => {
        const at = `${path}/Assertions/${index}`;
        const assertion = this.#object(entry, at);
        if (assertion.Assert === undefined) this.#refuse(at, 'an assertion has Assert');
        return {
          assert: assertion.Assert ?? false,
          description: this.#text(assertion.AssertDescription, `${at}/AssertDescription`),
        };
      }),
    };
  }

  #resource(item: JsonObject, path: string): ResourceDeclaration {
    for (const name of Object.keys(item)) {
      if (!RESOURCE_ATTRIBUTES.has(name)) this.#refuse(`${path}/${name}`, 'a resource has no such attribute');
    }
    const type = this.#text(item.Type, `${path}/Type`);
    if (type === undefined) this.#refuse(path, 'a resource has a Type');
    const dependsOn = typeof item.DependsOn === 'string' ? [item.DependsOn] : item.DependsOn;
    return {
      type: type ?? '',
      properties: this.#object(item.Properties ?? {}, `${path}/Properties`),
      condition: this.#text(item.Condition, `${path}/Condition`),
      dependsOn: this.#list(dependsOn, `${path}/DependsOn`).map(
        (name, index) => this.#text(name, `${path}/DependsOn/${index}`) ?? '',
      ),
      deletionPolicy: item.DeletionPolicy,
      updateReplacePolicy: item.UpdateReplacePolicy,
    };
  }

  #output(item: JsonObject, path: string): OutputDeclaration {
    if (item.Value === undefined) this.#refuse(path, 'an output has a Value');
    const exported = item.Export === undefined ? undefined : this.#object(item.Export, `${path}/Export`);
    if (exported !== undefined && exported.Name === undefined)
      this.#refuse(`${path}/Export`, 'an export has a Name');
    return {
      value: item.Value ?? '',
      condition: this.#text(item.Condition, `${path}/Condition`),
      exportName: exported?.Name,
      description: this.#text(item.Description, `${path}/Description`),
    };
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
