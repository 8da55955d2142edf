import { type AccountIdentity, BadInputError } from '@lakewright/core';
import type { Problem } from '../errors.ts';
import { type EvaluatedStack, evaluate, type StackInput } from '../template/evaluate.ts';
import type { Template } from '../template/model.ts';
import type { ParameterPlan } from './parameters.ts';
import type { DeployRequest, Place, Scope } from './scope.ts';
import { stateOf } from './states.ts';
import { type StackSpec, stackName } from './system.ts';
import type { TemplateFacts } from './template-facts.ts';

/** What CloudFormation shows of a NoEcho parameter. */
const MASKED = '****';

/** What the stacks of a plan would be, by their keys. */
export type Forecast = ReadonlyMap<string, EvaluatedStack>;

/** A stack of the plan, and the values that it gets. */
export interface Planned {
  readonly place: Place;
  readonly parameters: ParameterPlan;
}

/**
 * Evaluates the stacks of a plan, one after the other, with the values that were decided: outputs and exports of the
 * ones before are there for the ones after, also those of stacks that are there and not deployed now. Throws
 * BadInputError, with all that is wrong, for values and combinations that CloudFormation would refuse.
 */
export function forecast(
  request: DeployRequest,
  scope: Scope,
  planned: readonly Planned[],
  identity: AccountIdentity,
): Forecast {
  const evaluated = new Map<string, EvaluatedStack>();
  const imports = new Map<string, string>();
  const faults: string[] = [];
  const here = inputAt(request, identity);
  for (const spec of request.system.stacks) {
    const plan = planned.find(({ place }) => place.spec.key === spec.key);
    const existing = scope.standing.get(spec.key);
    const facts = plan?.place.template ?? request.templates.get(spec.template);
    if (facts === undefined || (plan === undefined && existing === undefined)) continue;
    const parameters =
      plan === undefined
        ? declared(facts, existing?.parameters ?? {})
        : valuesOf(plan, spec, evaluated, existing?.parameters ?? {});
    const name = stackName(spec, request.environment);
    const stack = evaluate(facts.template, { ...here, stackName: name, parameters, imports });
    evaluated.set(spec.key, stack);
    for (const [exported, value] of stack.exports) imports.set(exported, value);
    // Of a stack that nothing can be done with, that is what is to be said.
    if (plan === undefined || stateOf(existing) === 'stuck') continue;
    const all = [
      ...refusals(stack, facts.template, parameters),
      ...missingExports(stack, imports, evaluated),
    ];
    faults.push(...all.map((text) => `${spec.key}: ${text}`));
  }
  if (faults.length > 0) {
    throw new BadInputError(faults.join('; '), {
      hint: 'CloudFormation would refuse it: nothing was made. Values are set with --set and --params',
    });
  }
  return evaluated;
}

function inputAt(
  { templates }: DeployRequest,
  { account, region, arn }: AccountIdentity,
): Omit<StackInput, 'stackName'> {
  const nested = (url: string, input: StackInput): EvaluatedStack | undefined => {
    const facts = templates.get(url.slice(url.lastIndexOf('/') + 1));
    return facts === undefined ? undefined : evaluate(facts.template, input);
  };
  return { account, region, partition: arn.split(':')[1], nested };
}

/** The values that a stack would have. */
function valuesOf(
  { parameters: { decisions } }: Planned,
  { wiring }: StackSpec,
  evaluated: Forecast,
  previous: Readonly<Record<string, string>>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, source, value } of decisions) {
    const wire = wiring[name];
    if (value !== undefined) values[name] = value;
    else if (source === 'previous') values[name] = previous[name];
    else if (source === 'wired' && typeof wire === 'object' && 'output' in wire) {
      const output = evaluated.get(wire.of)?.outputs[wire.output]?.value;
      // What the stack before leaves out is the template's default, as when it is there.
      if (output !== undefined && output !== '') values[name] = output;
    }
  }
  return values;
}

/** The values of parameters that the template at hand still has. */
function declared({ parameters }: TemplateFacts, values: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    parameters.flatMap(({ name }) => (Object.hasOwn(values, name) ? [[name, values[name]]] : [])),
  );
}

/**
 * What CloudFormation has against the values, or a combination of them. What hangs on a value that it masks is not
 * judged: an empty one is masked, too.
 */
function refusals(
  stack: EvaluatedStack,
  { rules }: Template,
  given: Readonly<Record<string, string>>,
): string[] {
  const masked = Object.keys(given).filter((name) => given[name] === MASKED);
  const isOpen = ({ kind, path }: Problem) => {
    const [section, name] = path.split('/');
    // Values of stacks inside may be made of it.
    if (section === 'Resources') return masked.length > 0;
    if (kind === 'parameter') return masked.includes(name);
    const rule = JSON.stringify(rules[name] ?? {});
    return masked.some((value) => rule.includes(JSON.stringify(value)));
  };
  return stack.problems
    .filter((problem) => (problem.kind === 'rule' || problem.kind === 'parameter') && !isOpen(problem))
    .map(({ path, message }) => `${placeOf(path)}: ${message}`);
}

/** What stacks of ours do not export for the stack: of another's exports nothing is known here. */
function missingExports(
  { imports }: EvaluatedStack,
  exported: ReadonlyMap<string, string>,
  evaluated: Forecast,
): string[] {
  // What a stack exports may hang on a value that is masked.
  const names = [...evaluated.values()]
    .filter(({ parameters }) => !Object.values(parameters).includes(MASKED))
    .map(({ stackName }) => stackName);
  return imports
    .filter((name) => !exported.has(name) && names.some((stack) => name.startsWith(`${stack}-`)))
    .map((name) => `it needs the export ${name}, which that stack has not with these values`);
}

/** `GrafanaResetToken`, `the rule X`, and of a stack inside `CommonStack/VpcId`. */
function placeOf(path: string): string {
  const parts = path.split('/');
  const inner: string[] = [];
  while (parts[0] === 'Resources') inner.push(parts.splice(0, 2)[1]);
  const [section, name = ''] = parts;
  return [...inner, section === 'Rules' ? `the rule ${name}` : name].join('/');
}
