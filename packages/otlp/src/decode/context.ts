import { Attributes, INVALID_SET, NONE } from './attributes.ts';
import { BatchMemory } from './batch-memory.ts';
import { ByteTable } from './byte-table.ts';
import { IdTable } from './id-table.ts';
import type { WireReader } from './reader.ts';
import { SequenceTable } from './sequence-table.ts';

/** Distinct resources (with their schema URL), by number: parallel arrays. */
export interface Resources {
  readonly set: number[];
  readonly dropped: number[];
  readonly schemaUrl: number[];
  readonly serviceName: number[];
  readonly serviceNamespace: number[];
  readonly serviceInstanceId: number[];
}

/** Distinct instrumentation scopes (with their schema URL), by number: parallel arrays. */
export interface Scopes {
  readonly set: number[];
  readonly dropped: number[];
  readonly schemaUrl: number[];
  readonly name: number[];
  readonly version: number[];
}

/** A stretch of the reader's bytes; empty when both ends are equal. */
interface Span {
  start: number;
  end: number;
}

/** Called for each record message; `pos` is at its start. */
export type OnRecord = (r: WireReader, end: number) => void;

/**
 * What the decoders of all three signals share: the string table, attribute lists, resources and scopes of
 * one batch, and the walk down to the records.
 */
export class DecodeContext {
  /** Where everything below has its arrays. */
  readonly memory: BatchMemory;
  readonly strings: ByteTable;
  readonly attributes: Attributes;
  readonly resources: Resources = {
    set: [],
    dropped: [],
    schemaUrl: [],
    serviceName: [],
    serviceNamespace: [],
    serviceInstanceId: [],
  };
  readonly scopes: Scopes = { set: [], dropped: [], schemaUrl: [], name: [], version: [] };
  /** Where records belong while the walk is below a resource and a scope. */
  resource = 0;
  scope = 0;
  /** Whether the resource or scope at hand cannot be stored, and so no record below it. */
  groupInvalid = false;

  readonly #raw: ByteTable;
  readonly #keys: SequenceTable;
  readonly #key = new Int32Array(3);
  readonly #resourceOf = new Map<number, number>();
  readonly #scopeOf = new Map<number, number>();
  readonly #traceIds: IdTable;
  readonly #spanIds: IdTable;
  readonly #unknown: number;
  readonly #serviceName: number;
  readonly #serviceNamespace: number;
  readonly #serviceInstanceId: number;

  constructor(memory = new BatchMemory()) {
    this.memory = memory;
    this.strings = new ByteTable(memory);
    this.attributes = new Attributes(this.strings, memory);
    this.#raw = new ByteTable(memory);
    this.#traceIds = new IdTable(this.strings, 16, memory);
    this.#spanIds = new IdTable(this.strings, 8, memory);
    this.#keys = new SequenceTable(memory);
    this.#unknown = this.strings.internString('unknown');
    this.#serviceName = this.strings.internString('service.name');
    this.#serviceNamespace = this.strings.internString('service.namespace');
    this.#serviceInstanceId = this.strings.internString('service.instance.id');
  }

  /** Strings that were not valid UTF-8 so far. */
  get repaired(): number {
    return this.strings.repaired + this.attributes.repaired;
  }

  /** The trace id at `pos..end` as lower-case hex text; NONE when it has not 16 bytes. */
  traceId(r: WireReader, end: number): number {
    return end - r.pos === this.#traceIds.idBytes ? this.#traceIds.intern(r) : NONE;
  }

  /** The span id at `pos..end` as lower-case hex text; NONE when it has not 8 bytes. */
  spanId(r: WireReader, end: number): number {
    return end - r.pos === this.#spanIds.idBytes ? this.#spanIds.intern(r) : NONE;
  }

  /** Walks Export{Logs,Trace,Metrics}ServiceRequest, which have one shape down to the records. */
  walk(r: WireReader, onRecord: OnRecord): void {
    const end = r.bytes.length;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 10) this.#resourceGroup(r, r.lengthEnd(end), onRecord);
      else if (tag >>> 3 === 1) r.wrongType('ExportServiceRequest', tag);
      else r.skip(tag, end);
      r.check(end);
    }
  }

  #resourceGroup(r: WireReader, end: number, onRecord: OnRecord): void {
    const start = r.pos;
    const { last: resource, earlier, schemaUrl } = this.#header(r, end, 'ResourceSignals');
    for (const replaced of earlier) this.#resourceAt(r, replaced, schemaUrl);
    this.resource = this.#resourceAt(r, resource, schemaUrl);
    const invalid = this.resources.set[this.resource] === INVALID_SET;
    r.pos = start;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag !== 18) {
        r.skip(tag, end);
        continue;
      }
      this.groupInvalid = invalid;
      this.#scopeGroup(r, r.lengthEnd(end), onRecord);
    }
  }

  #scopeGroup(r: WireReader, end: number, onRecord: OnRecord): void {
    const start = r.pos;
    const { last: scope, earlier, schemaUrl } = this.#header(r, end, 'ScopeSignals');
    for (const replaced of earlier) this.#scopeAt(r, replaced, schemaUrl);
    this.scope = this.#scopeAt(r, scope, schemaUrl);
    if (this.scopes.set[this.scope] === INVALID_SET) this.groupInvalid = true;
    r.pos = start;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag !== 18) {
        r.skip(tag, end);
        continue;
      }
      const recordEnd = r.lengthEnd(end);
      onRecord(r, recordEnd);
      r.pos = recordEnd;
    }
  }

  /**
   * Fields 1 (resource or scope) and 3 (schema URL), wherever in the message they stand. The last counts;
   * those before it must be valid all the same.
   */
  #header(
    r: WireReader,
    end: number,
    message: string,
  ): { last: Span; earlier: readonly Span[]; schemaUrl: Span } {
    const found: Span[] = [];
    let schemaUrl: Span = { start: r.pos, end: r.pos };
    while (r.pos < end) {
      const tag = r.tag();
      const field = tag >>> 3;
      if (field >= 1 && field <= 3 && (tag & 7) !== 2) r.wrongType(message, tag);
      if (tag !== 10 && tag !== 26) {
        r.skip(tag, end);
        continue;
      }
      const contentEnd = r.lengthEnd(end);
      const span = { start: r.pos, end: contentEnd };
      if (tag === 10) found.push(span);
      else schemaUrl = span;
      r.pos = contentEnd;
    }
    const last = found.pop() ?? { start: end, end };
    return { last, earlier: found, schemaUrl };
  }

  #keyOf(r: WireReader, kind: number, at: Span, schemaUrl: Span): number {
    this.#key[0] = kind;
    this.#key[1] = this.#raw.intern(r.bytes, at.start, at.end);
    this.#key[2] = this.strings.internText(r.bytes, schemaUrl.start, schemaUrl.end);
    return this.#keys.intern(this.#key, 3);
  }

  #resourceAt(r: WireReader, at: Span, schemaUrl: Span): number {
    const key = this.#keyOf(r, 0, at, schemaUrl);
    const known = this.#resourceOf.get(key);
    if (known !== undefined) return known;
    const id = this.resources.set.length;
    r.pos = at.start;
    let dropped = 0;
    this.attributes.begin();
    while (r.pos < at.end) {
      const tag = r.tag();
      if (tag === 10) this.attributes.add(r, r.lengthEnd(at.end));
      else if (tag === 16) dropped = r.varint();
      else if (tag >>> 3 === 1 || tag >>> 3 === 2) r.wrongType('Resource', tag);
      else r.skip(tag, at.end);
      r.check(at.end);
    }
    const set = this.attributes.finish();
    const found = (name: number) => (set < 0 ? NONE : this.attributes.valueOf(set, name));
    const service = found(this.#serviceName);
    this.resources.set.push(set);
    this.resources.dropped.push(dropped);
    this.resources.schemaUrl.push(this.#key[2] === 0 ? NONE : this.#key[2]);
    this.resources.serviceName.push(service > 0 ? service : this.#unknown);
    this.resources.serviceNamespace.push(found(this.#serviceNamespace));
    this.resources.serviceInstanceId.push(found(this.#serviceInstanceId));
    this.#resourceOf.set(key, id);
    return id;
  }

  #scopeAt(r: WireReader, at: Span, schemaUrl: Span): number {
    const key = this.#keyOf(r, 1, at, schemaUrl);
    const known = this.#scopeOf.get(key);
    if (known !== undefined) return known;
    const id = this.scopes.set.length;
    r.pos = at.start;
    let dropped = 0;
    let name = NONE;
    let version = NONE;
    this.attributes.begin();
    while (r.pos < at.end) {
      const tag = r.tag();
      if (tag === 10 || tag === 18) {
        const end = r.lengthEnd(at.end);
        const text = this.strings.internText(r.bytes, r.pos, end);
        if (tag === 10) name = text;
        else version = text;
        r.pos = end;
      } else if (tag === 26) this.attributes.add(r, r.lengthEnd(at.end));
      else if (tag === 32) dropped = r.varint();
      else if (tag >>> 3 >= 1 && tag >>> 3 <= 4) r.wrongType('InstrumentationScope', tag);
      else r.skip(tag, at.end);
      r.check(at.end);
    }
    this.scopes.set.push(this.attributes.finish());
    this.scopes.dropped.push(dropped);
    this.scopes.schemaUrl.push(this.#key[2] === 0 ? NONE : this.#key[2]);
    this.scopes.name.push(name > 0 ? name : NONE);
    this.scopes.version.push(version > 0 ? version : NONE);
    this.#scopeOf.set(key, id);
    return id;
  }
}

/** What a decoder says of one raw object. */
export interface DecodeCounts {
  records: number;
  rejected: number;
  /** Distinct reasons for the rejections, at most ten. */
  readonly reasons: Set<string>;
}

export const MAX_REASONS = 10;

export function newCounts(): DecodeCounts {
  return { records: 0, rejected: 0, reasons: new Set() };
}

export function reject(counts: DecodeCounts, reason: string, records = 1): void {
  counts.rejected += records;
  if (counts.reasons.size < MAX_REASONS) counts.reasons.add(reason);
}

/** Why records are left out, in the words that senders and operators are told. */
export const REASONS = {
  group: 'a resource or scope attribute nests deeper than 64 levels',
  depth: 'a value nests deeper than 64 levels',
  time: 'a time is past 2262-04-11 (2^63-1 ns)',
  count: 'a count is above 2^63-1',
  spanIds: 'a span needs a trace_id of 16 bytes, a span_id of 8 and a parent_span_id of 0 or 8',
  linkIds: 'a link needs a trace_id of 16 bytes and a span_id of 8',
} as const;
