import { REASONS } from '../decode/context.ts';
import { type FieldDescriptor, MESSAGES, type Rule, type ScalarType } from './schema.ts';

/** What the inspection does with a field. 0 is a field that the message does not define. */
export const OP = {
  unknown: 0,
  /** Nothing but the wire form matters. */
  varint: 1,
  fixed64: 2,
  fixed32: 3,
  opaque: 4,
  text: 5,
  message: 6,
  /** A fixed64 that must fit an int64. */
  bounded: 7,
  /** An id whose length decides about the record. */
  strictId: 8,
  /** An id that is stored as NULL when its length is wrong. */
  looseId: 9,
  /** Repeated scalars, packed or not. */
  repeatedFixed64: 10,
  repeatedCount64: 11,
  repeatedCountVarint: 12,
} as const;

/** A message descriptor as the inspection's inner loop wants it: arrays indexed by field number. */
export interface Plan {
  readonly name: string;
  readonly role: 'record' | 'group' | 'plain';
  /** The two messages at which a value's nesting is measured, and the two that add a level. */
  readonly nesting: 'value' | 'pair' | 'container' | 'none';
  readonly ops: Uint8Array;
  /** The wire type that the field must have; repeated scalars may also come as 2 (packed). */
  readonly wireTypes: Uint8Array;
  readonly children: (Plan | undefined)[];
  readonly lastCounts: Uint8Array;
  /** For ids: the length in bytes, and whether none at all is fine. */
  readonly idLengths: Uint8Array;
  readonly mayBeEmpty: Uint8Array;
  /** Each judged field has a bit; a set bit when the message ends means that the record is rejected. */
  readonly bits: Uint32Array;
  /** Bits that are set until their field is seen. */
  readonly requiredBits: number;
  /** The reason of each bit, by its index. */
  readonly reasons: string[];
  readonly fields: (FieldDescriptor | undefined)[];
}

const WIRE_TYPES: Readonly<Record<ScalarType | 'message', number>> = {
  string: 2,
  bytes: 2,
  message: 2,
  bool: 0,
  enum: 0,
  uint32: 0,
  int64: 0,
  uint64: 0,
  sint32: 0,
  fixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
};

const ID_LENGTHS: Partial<Record<Rule, number>> = {
  traceId: 16,
  looseTraceId: 16,
  spanId: 8,
  parentSpanId: 8,
  looseSpanId: 8,
};

const NESTING: Readonly<Record<string, Plan['nesting']>> = {
  AnyValue: 'value',
  KeyValue: 'pair',
  ArrayValue: 'container',
  KeyValueList: 'container',
};

function opOf(field: FieldDescriptor): number {
  const wireType = WIRE_TYPES[field.type];
  if (field.repeated && wireType !== 2) {
    if (wireType === 0) return OP.repeatedCountVarint;
    return field.rule === 'count' ? OP.repeatedCount64 : OP.repeatedFixed64;
  }
  switch (field.rule) {
    case 'time':
    case 'count':
      return OP.bounded;
    case 'traceId':
    case 'spanId':
    case 'parentSpanId':
      return OP.strictId;
    case 'looseTraceId':
    case 'looseSpanId':
      return OP.looseId;
  }
  if (field.type === 'string') return OP.text;
  if (field.type === 'message') return OP.message;
  return [OP.varint, OP.fixed64, OP.opaque, 0, 0, OP.fixed32][wireType];
}

function reasonOf(message: string, rule: Rule): string {
  if (rule === 'time') return REASONS.time;
  if (rule === 'count') return REASONS.count;
  return message === 'Link' ? REASONS.linkIds : REASONS.spanIds;
}

const plans = new Map<string, Plan>();

/** The plan of the message called `name`, made at its first use. */
export function planOf(name: string): Plan {
  const known = plans.get(name);
  if (known !== undefined) return known;
  const { role = 'plain', fields } = MESSAGES[name];
  const size = Math.max(...fields.map((field) => field.number)) + 1;
  const judged = fields.filter((field) => field.rule !== undefined && !field.rule.startsWith('loose'));
  const plan: { -readonly [K in keyof Plan]: Plan[K] } = {
    name,
    role,
    nesting: NESTING[name] ?? 'none',
    ops: new Uint8Array(size),
    wireTypes: new Uint8Array(size),
    children: new Array<Plan | undefined>(size).fill(undefined),
    lastCounts: new Uint8Array(size),
    idLengths: new Uint8Array(size),
    mayBeEmpty: new Uint8Array(size),
    bits: new Uint32Array(size),
    requiredBits: 0,
    reasons: judged.map((field) => reasonOf(name, field.rule as Rule)),
    fields: new Array<FieldDescriptor | undefined>(size).fill(undefined),
  };
  // Registered before its children are looked up: AnyValue contains itself.
  plans.set(name, plan);
  for (const field of fields) {
    const { number, rule } = field;
    plan.ops[number] = opOf(field);
    plan.wireTypes[number] = WIRE_TYPES[field.type];
    plan.fields[number] = field;
    plan.lastCounts[number] = field.lastCounts ? 1 : 0;
    plan.idLengths[number] = (rule && ID_LENGTHS[rule]) ?? 0;
    plan.mayBeEmpty[number] = rule === 'traceId' || rule === 'spanId' ? 0 : 1;
    if (judged.includes(field)) plan.bits[number] = 1 << judged.indexOf(field);
    if (rule === 'traceId' || rule === 'spanId') plan.requiredBits |= plan.bits[number];
    if (field.message !== undefined) plan.children[number] = planOf(field.message);
  }
  return plan;
}
