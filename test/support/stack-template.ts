/** Looks at a template as plain data, before anything in it is worked out. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Record<string, Json>;
  readonly Condition?: string;
  readonly DependsOn?: readonly string[];
}

export interface Template {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly Conditions: Readonly<Record<string, Json>>;
  readonly Resources: Readonly<Record<string, Omit<Resource, 'id'>>>;
  readonly Outputs: Readonly<Record<string, { Value: Json; Export?: { Name: Json }; Condition?: string }>>;
}

export function resourcesOf(template: Template, type: string): Resource[] {
  const all = Object.entries(template.Resources).map(([id, resource]) => ({ id, ...resource }));
  return all.filter(({ Type }) => Type === type);
}

export function resourceOf(template: Template, id: string): Resource {
  const found = template.Resources[id];
  if (found === undefined) throw new Error(`there is no resource ${id}`);
  return { id, ...found };
}

/** `value` with the branch taken that each `Fn::If` has for the conditions in `holding`, and NoValue left out. */
export function decided(value: Json, holding: readonly string[]): Json {
  const out = resolve(value, holding);
  return out === undefined ? null : out;
}

function resolve(value: Json, holding: readonly string[]): Json | undefined {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, holding)).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as { readonly [name: string]: Json };
  if (object.Ref === 'AWS::NoValue') return undefined;
  const choice = object['Fn::If'];
  if (Array.isArray(choice)) {
    const [condition, yes, no] = choice as [string, Json, Json];
    return resolve(holding.includes(condition) ? yes : no, holding);
  }
  const entries = Object.entries(object).map(([name, item]) => [name, resolve(item, holding)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as Json;
}

export interface Container {
  readonly Name: string;
  readonly Image: Json;
  readonly Command?: readonly string[];
  readonly EntryPoint?: readonly string[];
  readonly User?: string;
  readonly ReadonlyRootFilesystem?: boolean;
  readonly HealthCheck?: { readonly Command: readonly string[] };
  readonly Environment: readonly { readonly Name: string; readonly Value: Json }[];
  readonly Secrets?: readonly { readonly Name: string; readonly ValueFrom: Json }[];
  readonly PortMappings?: readonly { readonly ContainerPort: number }[];
  readonly MountPoints: readonly { readonly SourceVolume: string; readonly ContainerPath: string }[];
  readonly DependsOn?: readonly { readonly ContainerName: string; readonly Condition: string }[];
  readonly LogConfiguration: { readonly Options: Readonly<Record<string, Json>> };
}

/** The containers of a task definition, with the conditions in `holding` and no others. */
export function containersOf(task: Resource, holding: readonly string[] = []): Container[] {
  return decided(task.Properties.ContainerDefinitions, holding) as unknown as Container[];
}

export interface Statement {
  readonly Action: readonly string[];
  readonly Resource: Json;
}

/** What the role called `id` may, its managed policies and those that are put on it among it. */
export function statementsOf(template: Template, id: string, holding: readonly string[] = []): Statement[] {
  const role = resourceOf(template, id);
  const documents = [
    ...((role.Properties.Policies ?? []) as { PolicyDocument: Json }[]).map(
      (policy) => policy.PolicyDocument,
    ),
    ...((role.Properties.ManagedPolicyArns ?? []) as { Ref: string }[]).map(
      ({ Ref }) => resourceOf(template, Ref).Properties.PolicyDocument,
    ),
    ...resourcesOf(template, 'AWS::IAM::Policy')
      .filter(({ Properties, Condition }) => {
        const isOn = Condition === undefined || holding.includes(Condition);
        return isOn && JSON.stringify(Properties.Roles).includes(`"${id}"`);
      })
      .map(({ Properties }) => Properties.PolicyDocument),
  ];
  return documents.flatMap(
    (document) => (decided(document, holding) as { Statement: unknown }).Statement as Statement[],
  );
}

/** The actions of a role, sorted. */
export function actionsOf(template: Template, id: string, holding: readonly string[] = []): string[] {
  return [...new Set(statementsOf(template, id, holding).flatMap(({ Action }) => Action))].sort();
}

/** The ARN of a secret without the field behind it: what a grant names. */
export function secretArnOf(valueFrom: Json): Json {
  const join = (valueFrom as { 'Fn::Join'?: [string, Json[]] })['Fn::Join'];
  return join === undefined ? valueFrom : join[1][0];
}

/** Secrets of `task` that its execution role may not read: a task with one never starts. */
export function secretsWithoutGrant(
  template: Template,
  task: Resource,
  holding: readonly string[] = [],
): string[] {
  const [role] = (task.Properties.ExecutionRoleArn as { 'Fn::GetAtt': string[] })['Fn::GetAtt'];
  const granted = statementsOf(template, role, holding)
    .filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'))
    .flatMap((statement) => (Array.isArray(statement.Resource) ? statement.Resource : [statement.Resource]))
    .map((resource) => JSON.stringify(resource));
  return containersOf(task, holding).flatMap(({ Secrets = [] }) =>
    Secrets.filter(({ ValueFrom }) => !granted.includes(JSON.stringify(secretArnOf(ValueFrom)))).map(
      ({ Name }) => Name,
    ),
  );
}

/** The names of what `template` exports, behind the name of its stack. */
export function exportsOf(template: Template): string[] {
  return Object.values(template.Outputs).flatMap(({ Export }) => {
    const name = (Export?.Name as { 'Fn::Sub'?: string } | undefined)?.['Fn::Sub'];
    return name === undefined ? [] : [name.replace(/^\$\{AWS::StackName\}-/, '')];
  });
}

/** Ports that security-group rules of `template` open, with the conditions in `holding`. */
export function openPorts(template: Template, holding: readonly string[] = []): Map<string, number> {
  return new Map(
    resourcesOf(template, 'AWS::EC2::SecurityGroupIngress').map(({ id, Properties }) => [
      id,
      decided(Properties.FromPort, holding) as number,
    ]),
  );
}
