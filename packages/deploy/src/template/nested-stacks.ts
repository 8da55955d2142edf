import type { Problem } from '../errors.ts';
import type { EvaluatedStack } from './evaluate.ts';
import { isObject, type Json } from './model.ts';
import { settled, UNRESOLVED, type Value } from './scope.ts';
import type { StackEvaluation } from './stack-evaluation.ts';
import { stackId } from './stand-ins.ts';

/** The stacks that a stack makes by resources of type AWS::CloudFormation::Stack. */
export class NestedStacks {
  readonly #parent: StackEvaluation;
  readonly #stacks = new Map<string, EvaluatedStack | undefined>();

  constructor(parent: StackEvaluation) {
    this.#parent = parent;
  }

  /** The stack of resource `id`; undefined when the resource is none, or its template is not known. */
  stack(id: string): EvaluatedStack | undefined {
    if (this.#parent.template.resources[id].type !== 'AWS::CloudFormation::Stack') return undefined;
    // While it is on its way it is undefined to those that ask: they are in a cycle, which is told of elsewhere.
    if (!this.#stacks.has(id)) {
      this.#stacks.set(id, undefined);
      this.#stacks.set(id, this.#evaluated(id));
    }
    return this.#stacks.get(id);
  }

  /** What Ref (the stack's id) or an output of the nested stack is. */
  value(id: string, path: string, attribute?: string): Value {
    if (attribute === undefined) return stackId(this.#parent.where, this.#nameOf(id));
    const name = attribute.match(/^Outputs\.([A-Za-z0-9]+)$/)?.[1];
    if (name === undefined) return this.#parent.fail(path, `a nested stack has no attribute ${attribute}`);
    const stack = this.stack(id);
    if (stack === undefined) return UNRESOLVED;
    if (Object.hasOwn(stack.outputs, name)) return stack.outputs[name].value;
    return this.#parent.fail(path, `the nested stack ${id} has no output ${name} under these parameters`);
  }

  /** What a stack that is surely there before resource `user` exports as `name`. */
  exportedBefore(user: string | undefined, name: string): string | undefined {
    if (user === undefined) return undefined;
    for (const id of this.#parent.after(user)) {
      const found = this.#parent.isPresent(id) ? this.stack(id)?.exports.get(name) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The exports of all of them. */
  exports(): Map<string, string> {
    return new Map([...this.#stacks.values()].flatMap((stack) => [...(stack?.exports ?? [])]));
  }

  problems(): Problem[] {
    return [...this.#stacks].flatMap(([id, stack]) =>
      (stack?.problems ?? []).map((problem) => ({ ...problem, path: `Resources/${id}/${problem.path}` })),
    );
  }

  #nameOf(id: string): string {
    return `${this.#parent.input.stackName}-${id}-1A2B3C4D5E6F7`;
  }

  #evaluated(id: string): EvaluatedStack | undefined {
    const parent = this.#parent;
    const path = `Resources/${id}/Properties`;
    const properties = settled(parent.properties(id));
    const url = isObject(properties) ? properties.TemplateURL : undefined;
    const parameters: Record<string, string> = {};
    for (const [name, value] of Object.entries((properties as Record<string, Json>).Parameters ?? {})) {
      const text = Array.isArray(value) ? value.join(',') : String(value);
      if (isObject(value))
        parent.fail(`${path}/Parameters/${name}`, 'a parameter is a text, or a list of them');
      parameters[name] = text;
    }
    const stack =
      typeof url === 'string'
        ? parent.input.nested?.(url, {
            ...parent.input,
            ...parent.where,
            stackName: this.#nameOf(id),
            parameters,
            imports: new Map([...(parent.input.imports ?? []), ...this.#exportsBefore(id)]),
          })
        : undefined;
    if (stack === undefined) parent.fail(`${path}/TemplateURL`, `no template is known at ${String(url)}`);
    return stack;
  }

  #exportsBefore(id: string): [string, string][] {
    return [...this.#parent.after(id)].flatMap((each) =>
      this.#parent.isPresent(each) ? [...(this.stack(each)?.exports ?? [])] : [],
    );
  }
}
