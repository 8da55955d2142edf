import { createHash } from 'node:crypto';
import { RESOURCE_TYPES, type ResourceType } from './resource-types.ts';

/** Whose stand-in it is. */
export interface Holder {
  readonly stackName: string;
  readonly id: string;
  readonly type: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** A property of the resource, resolved, as text; undefined when it has none. */
  property(name: string): string | undefined;
}

/** Custom resources answer what their function says: any attribute. */
function isCustom(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/**
 * What stands in for a resource that is not made: of the kind and the look that `Ref` or the attribute has, the same
 * for the same resource of the same stack, another for every other. Undefined for what the type has not.
 */
export function standIn(holder: Holder, attribute?: string): string | undefined {
  const { type, stackName, id } = holder;
  if (isCustom(type))
    return attribute === undefined ? `${stackName}-${id}` : `${stackName}-${id}-${attribute}`;
  const known = Object.hasOwn(RESOURCE_TYPES, type) ? RESOURCE_TYPES[type] : undefined;
  const pattern = attribute === undefined ? known?.ref : known?.attributes?.[attribute];
  return known === undefined || pattern === undefined ? undefined : filled(pattern, known, holder);
}

/** What stands in for the resources of one stack, each worked out once. */
export class StandIns {
  readonly #holderOf: (id: string) => Holder;
  readonly #known = new Map<string, string | undefined>();

  constructor(holderOf: (id: string) => Holder) {
    this.#holderOf = holderOf;
  }

  /** What `Ref` (without an attribute) or `Fn::GetAtt` gives; undefined for what the type has not. */
  of(id: string, attribute?: string): string | undefined {
    const key = `${id}.${attribute ?? ''}`;
    if (!this.#known.has(key)) this.#known.set(key, standIn(this.#holderOf(id), attribute));
    return this.#known.get(key);
  }

  /** All that there is of a resource. */
  all(id: string): { ref?: string; attributes: Record<string, string> } {
    const names = Object.keys(RESOURCE_TYPES[this.#holderOf(id).type]?.attributes ?? {});
    return {
      ref: this.of(id),
      attributes: Object.fromEntries(names.map((name) => [name, this.of(id, name) ?? ''])),
    };
  }
}

/** Whether the evaluator knows what `Ref` and `Fn::GetAtt` give for `type`. */
export function isKnownType(type: string): boolean {
  return isCustom(type) || type === 'AWS::CloudFormation::Stack' || Object.hasOwn(RESOURCE_TYPES, type);
}

function filled(pattern: string, type: ResourceType, holder: Holder): string {
  return pattern.replace(/\{(=?\w+)\}/g, (_, key: string) => {
    if (key.startsWith('=')) return holder.property(key.slice(1)) ?? '';
    if (key === 'name') return physicalName(type, holder);
    if (key === 'hex') return digest(holder).slice(0, 17);
    return { p: holder.partition, r: holder.region, a: holder.account }[key] ?? '';
  });
}

/** A name as CloudFormation makes them, unless a property gives one. */
function physicalName(type: ResourceType, holder: Holder): string {
  const given = type.name === undefined ? undefined : holder.property(type.name);
  const made = `${holder.stackName}-${holder.id}-${digest(holder).slice(0, 12).toUpperCase()}`;
  return given ?? (type.lowerCase ? made.toLowerCase() : made);
}

function digest({ stackName, id, region, account }: Holder): string {
  return createHash('sha256').update([account, region, stackName, id].join('\n')).digest('hex');
}

/** The id of a stack, by which `Ref` of a nested stack goes. */
export function stackId(where: { partition: string; region: string; account: string }, name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return `arn:${where.partition}:cloudformation:${where.region}:${where.account}:stack/${name}/${uuid.join('-')}`;
}
