import type { Problem } from '../errors.ts';
import type { EvaluatedOutput, EvaluatedResource, EvaluatedStack, StackInput } from './evaluate.ts';
import type { Json, JsonObject, Template } from './model.ts';
import { NestedStacks } from './nested-stacks.ts';
import { cycleIn, reachable } from './order.ts';
import { type ParameterValue, resolveParameters } from './parameters.ts';
import { CONDITIONS, OUTPUTS, RESOURCES, RULES } from './places.ts';
import { nearestPosition } from './positions.ts';
import { pseudoParameter } from './pseudo-parameters.ts';
import { resolve } from './resolve.ts';
import { judgeRules } from './rules.ts';
import { isUnresolved, NO_VALUE, type Scope, settled, UNRESOLVED, type Value, valueText } from './scope.ts';
import { type Holder, isKnownType, StandIns } from './stand-ins.ts';

/** One template on its way to an EvaluatedStack. Resources are resolved when they are asked for, each once. */
export class StackEvaluation {
  readonly template: Template;
  readonly input: StackInput;
  readonly where: { readonly partition: string; readonly region: string; readonly account: string };
  readonly #problems: Problem[] = [];
  readonly #parameters: Record<string, ParameterValue>;
  readonly #conditions = new Map<string, boolean | typeof UNRESOLVED | 'asked'>();
  readonly #imports = new Set<string>();
  /** Which resources each resource refers to. */
  readonly #references = new Map<string, Set<string>>();
  readonly #nested: NestedStacks;
  readonly #standIns = new StandIns((id) => this.#holder(id));

  constructor(template: Template, input: StackInput) {
    this.template = template;
    this.input = input;
    const { partition = 'aws', region = 'us-east-1', account = '123456789012' } = input;
    this.where = { partition, region, account };
    const { values, problems } = resolveParameters(template, input.parameters ?? {});
    this.#parameters = values;
    this.#problems.push(...problems);
    this.#nested = new NestedStacks(this);
  }

  run(): EvaluatedStack {
    const why = 'a rule is judged before there are resources';
    judgeRules(this.template.rules, this.#scope(RULES, undefined, why), (path, message, kind) =>
      this.fail(path, message, kind),
    );
    for (const name of Object.keys(this.template.conditions)) this.condition(name, `Conditions/${name}`);
    const present = Object.keys(this.template.resources).filter((id) => this.isPresent(id));
    const properties = new Map(present.map((id) => [id, settled(this.properties(id)) as JsonObject]));
    for (const id of present) this.#checkDependencies(id);
    const cycle = cycleIn(present, (id) => this.directlyAfter(id));
    if (cycle !== undefined) {
      this.fail(`Resources/${cycle[0]}`, `circular dependency: ${[...cycle, cycle[0]].join(', ')}`);
    }
    const resources: Record<string, EvaluatedResource> = {};
    for (const id of present) {
      const { type, dependsOn, deletionPolicy, updateReplacePolicy } = this.template.resources[id];
      resources[id] = {
        type,
        properties: properties.get(id) as JsonObject,
        ...this.#standIns.all(id),
        after: [...this.directlyAfter(id)],
        dependsOn,
        deletionPolicy,
        updateReplacePolicy,
        nested: cycle === undefined ? this.#nested.stack(id) : undefined,
      };
    }
    const outputs = this.#outputs();
    return {
      stackName: this.input.stackName,
      parameters: this.#parameters,
      conditions: Object.fromEntries(
        [...this.#conditions].flatMap(([name, holds]) => (typeof holds === 'boolean' ? [[name, holds]] : [])),
      ),
      resources,
      outputs,
      exports: this.#exports(outputs),
      imports: [...this.#imports],
      problems: [...this.#problems, ...this.#nested.problems()],
    };
  }

  fail(path: string, message: string, kind: Problem['kind'] = 'evaluation'): typeof UNRESOLVED {
    const known = this.#problems.some((problem) => problem.path === path && problem.message === message);
    if (!known) this.#problems.push({ kind, path, message, position: nearestPosition(this.template, path) });
    return UNRESOLVED;
  }

  /** Whether the template has the resource, and its condition holds. */
  isPresent(id: string): boolean {
    if (!Object.hasOwn(this.template.resources, id)) return false;
    const { condition } = this.template.resources[id];
    return condition === undefined || this.condition(condition, `Resources/${id}/Condition`) === true;
  }

  /** The resources that must be there before `id`, by DependsOn and by reference. */
  directlyAfter(id: string): Set<string> {
    return new Set([...this.template.resources[id].dependsOn, ...(this.#references.get(id) ?? [])]);
  }

  /** All resources that are there before `id`. Its own properties must have been resolved. */
  after(id: string): Set<string> {
    return reachable(id, (each) => {
      if (!this.isPresent(each)) return [];
      this.properties(each);
      return this.directlyAfter(each);
    });
  }

  readonly #resolved = new Map<string, Value>();

  /** A resource's properties, resolved. */
  properties(id: string): Value {
    const known = this.#resolved.get(id);
    if (known !== undefined) return known;
    // Resources that refer to each other are a cycle, which is told of when all is resolved.
    this.#resolved.set(id, UNRESOLVED);
    const { properties } = this.template.resources[id];
    const resolved = resolve(properties, `Resources/${id}/Properties`, this.#scope(RESOURCES, id));
    this.#resolved.set(id, resolved === NO_VALUE ? {} : resolved);
    return this.#resolved.get(id) as Value;
  }

  condition(name: string, path: string): boolean | typeof UNRESOLVED {
    const known = this.#conditions.get(name);
    if (known === 'asked') return this.fail(path, `the condition ${name} refers to itself`);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.template.conditions, name))
      return this.fail(path, `no condition is called ${name}`);
    this.#conditions.set(name, 'asked');
    const at = `Conditions/${name}`;
    const value = resolve(
      this.template.conditions[name],
      at,
      this.#scope(CONDITIONS, undefined, 'a condition is judged before there are resources'),
    );
    const holds =
      typeof value === 'boolean' || value === UNRESOLVED ? value : this.fail(at, 'is no condition');
    this.#conditions.set(name, holds);
    return holds;
  }

  #checkDependencies(id: string): void {
    for (const name of this.template.resources[id].dependsOn) {
      const path = `Resources/${id}/DependsOn`;
      if (name === id) this.fail(path, 'depends on itself');
      // CloudFormation ignores a name whose condition does not hold, and refuses one that is nowhere.
      else if (!Object.hasOwn(this.template.resources, name)) {
        this.fail(path, `unresolved resource dependency: the template has no resource ${name}`);
      }
    }
  }

  #outputs(): Record<string, EvaluatedOutput> {
    const outputs: Record<string, EvaluatedOutput> = {};
    for (const [name, { value, condition, exportName }] of Object.entries(this.template.outputs)) {
      const path = `Outputs/${name}`;
      if (condition !== undefined && this.condition(condition, `${path}/Condition`) !== true) continue;
      const text = this.#outputText(value, `${path}/Value`, this.#scope(OUTPUTS));
      const why = 'the name of an export is known before there are resources';
      const exported =
        exportName === undefined
          ? undefined
          : this.#outputText(exportName, `${path}/Export/Name`, this.#scope(OUTPUTS, undefined, why));
      if (exported !== undefined && text?.trim() === '') {
        this.fail(`${path}/Value`, `the export ${exported} is empty: exported values must not be`);
      }
      if (text !== undefined) outputs[name] = { value: text, exportName: exported };
    }
    return outputs;
  }

  #outputText(value: Json, path: string, scope: Scope): string | undefined {
    const resolved = resolve(value, path, scope);
    const text = valueText(resolved);
    if (text === undefined && !isUnresolved(resolved)) this.fail(path, 'must be a text');
    return text;
  }

  #exports(outputs: Readonly<Record<string, EvaluatedOutput>>): Map<string, string> {
    const exports = new Map<string, string>(this.#nested.exports());
    for (const [name, { value, exportName }] of Object.entries(outputs)) {
      if (exportName === undefined) continue;
      if (exports.has(exportName)) this.fail(`Outputs/${name}/Export`, `${exportName} is exported twice`);
      if (value.trim() !== '') exports.set(exportName, value);
    }
    return exports;
  }

  /** What functions see: in resource `user`, whose references are noted; without resources when `why` says so. */
  #scope(functions: ReadonlySet<string>, user?: string, why?: string): Scope {
    return {
      functions,
      region: this.where.region,
      fail: (path, message) => this.fail(path, message),
      condition: (name, path) => this.condition(name, path),
      mapping: (map, first, second) => this.template.mappings[map]?.[first]?.[second],
      withoutResources: (reason) => this.#scope(functions, user, reason),
      detailOf: (thing, attribute) => this.input.detailOf?.(thing, attribute),
      parametersOf: (type) =>
        Object.entries(this.template.parameters).flatMap(([name, declaration]) =>
          [type, `List<${type}>`].includes(declaration.type) ? this.#parameters[name] : [],
        ),
      imported: (name, path) => {
        this.#imports.add(name);
        const found = this.input.imports?.get(name) ?? this.#nested.exportedBefore(user, name);
        return found ?? this.fail(path, `no export named ${name} found`);
      },
      reference: (name, path) => this.#reference(name, path, user, why),
      attribute: (id, attribute, path) => {
        if (why !== undefined) return this.fail(path, `refers to the resource ${id}: ${why}`);
        return this.#resource(id, path, user, attribute);
      },
    };
  }

  #reference(name: string, path: string, user: string | undefined, why: string | undefined): Value {
    if (name.startsWith('AWS::')) {
      const value = pseudoParameter(name, this.where, this.input.stackName);
      return value ?? this.fail(path, `there is no pseudo parameter ${name}`);
    }
    if (Object.hasOwn(this.#parameters, name)) return this.#parameters[name];
    if (why !== undefined && Object.hasOwn(this.template.resources, name)) {
      return this.fail(path, `refers to the resource ${name}: ${why}`);
    }
    return this.#resource(name, path, user);
  }

  /** What `Ref` (without an attribute) or `Fn::GetAtt` gives of a resource. */
  #resource(id: string, path: string, user: string | undefined, attribute?: string): Value {
    if (!Object.hasOwn(this.template.resources, id)) {
      return this.fail(
        path,
        `the template has no ${attribute === undefined ? 'parameter or ' : ''}resource ${id}`,
      );
    }
    if (!this.isPresent(id))
      return this.fail(path, `refers to ${id}, which is not made under these parameters`);
    if (user !== undefined) this.#references.set(user, (this.#references.get(user) ?? new Set()).add(id));
    const { type } = this.template.resources[id];
    if (!isKnownType(type)) return this.fail(path, `what a ${type} gives is not known here`);
    if (type === 'AWS::CloudFormation::Stack') return this.#nested.value(id, path, attribute);
    const found = this.#standIns.of(id, attribute);
    return found ?? this.fail(path, `${type} has no attribute ${attribute}`);
  }

  #holder(id: string): Holder {
    const { type, properties } = this.template.resources[id];
    const property = (name: string) =>
      Object.hasOwn(properties, name)
        ? valueText(
            resolve(properties[name], `Resources/${id}/Properties/${name}`, this.#scope(RESOURCES, id)),
          )
        : undefined;
    return { ...this.where, stackName: this.input.stackName, id, type, property };
  }
}
