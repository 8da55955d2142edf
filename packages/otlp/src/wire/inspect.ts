import type { Signal } from '@lakewright/core';
import { MAX_VALUE_DEPTH } from '../decode/any-value.ts';
import { MAX_REASONS, REASONS } from '../decode/context.ts';
import { WireError } from '../errors.ts';
import { OP, type Plan, planOf } from './plan.ts';
import { advance, contentEnd, Malformed, past63Bits, pastVarint, skipValue, varintValue } from './scan.ts';
import { REQUEST_MESSAGES } from './schema.ts';
import { validUtf8 } from './utf8.ts';

/** What an export request holds, and what of it can be stored. */
export interface Inspection {
  /** Log records, spans or data points that will be stored. */
  readonly records: number;
  /** Those that will be left out. `records + rejected` is what was sent. */
  readonly rejected: number;
  /** Why, distinct, at most ten. */
  readonly reasons: string[];
  /** What is stored otherwise than it was sent. */
  readonly warnings: string[];
}

/**
 * Reads the whole of an Export{Logs,Trace,Metrics}ServiceRequest, changes nothing, keeps nothing, and says
 * how many records it holds and which of them the lake cannot store.
 *
 * Rejected is a record
 * - with a value that nests deeper than 64 levels (in it, its scope, its resource or its metric's metadata);
 * - that is a span, or has a link, whose trace_id has not 16 bytes or span_id not 8 (parent_span_id: 0 or 8);
 * - with a time or a count above 2^63-1.
 * Ids of log records and exemplars of other lengths, and strings that are not UTF-8, give warnings.
 * Of several occurrences of a singular field the last counts, as in protobuf.
 *
 * Throws WireError, with the path to the field and the byte offset, when the bytes are not a valid message:
 * whatever this function accepts, the column decoder can read.
 */
export function inspectRequest(signal: Signal, bytes: Uint8Array): Inspection {
  const inspector = new Inspector(bytes);
  try {
    inspector.walk(planOf(REQUEST_MESSAGES[signal]), 0, bytes.length);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const where = error.path.length === 0 ? 'request' : error.path.reverse().join('.');
    throw new WireError(`${where}: ${error.reason} at byte ${error.at} of ${bytes.length}`);
  }
  return inspector.result();
}

class Inspector {
  readonly #bytes: Uint8Array;
  #records = 0;
  #rejected = 0;
  readonly #reasons = new Set<string>();
  #wrongIds = 0;
  #badTexts = 0;
  /** The level that the next AnyValue has; 1 outside arrays and kvlists. */
  #level = 1;
  /** Whether a value of the record or group at hand nests too deep. */
  #deep = false;
  /** Why the record at hand is rejected, if it is. */
  #problem: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  result(): Inspection {
    const warnings: string[] = [];
    if (this.#wrongIds > 0) {
      warnings.push(
        `${this.#wrongIds} trace_id or span_id of another length than 16 or 8 bytes: stored as NULL`,
      );
    }
    if (this.#badTexts > 0) {
      warnings.push(`${this.#badTexts} strings that are not valid UTF-8: stored with U+FFFD`);
    }
    return { records: this.#records, rejected: this.#rejected, reasons: [...this.#reasons], warnings };
  }

  /** Reads the fields of one message. The recursion is bounded: values below level 64 are not entered. */
  walk(plan: Plan, start: number, end: number): void {
    const bytes = this.#bytes;
    const { ops, wireTypes } = plan;
    const deepBefore = this.#deep;
    /** The bits of fields that make the record one that cannot be stored. */
    let problems = plan.requiredBits;
    let pos = start;
    let field = 0;
    let at = start;
    try {
      while (pos < end) {
        at = pos;
        field = 0;
        let tag = bytes[pos++];
        if (tag > 127) {
          pos = pastVarint(bytes, at, end);
          tag = varintValue(bytes, at, pos);
          if (tag > 0xffffffff) throw new Malformed('field number above 2^29-1', at);
        }
        field = tag >>> 3;
        const wireType = tag & 7;
        const op = field < ops.length ? ops[field] : OP.unknown;
        if (op === OP.unknown) {
          pos = skipValue(bytes, field, wireType, pos, end);
          continue;
        }
        if (wireType === 2 && wireTypes[field] === 2) {
          let from = pos + 1;
          if (pos < end && bytes[pos] < 128) pos = advance(from, bytes[pos], end);
          else {
            from = pastVarint(bytes, pos, end);
            pos = contentEnd(bytes, pos, from, end);
          }
          if (plan.lastCounts[field] !== 0) this.#deep = deepBefore;
          problems = this.#content(plan, field, problems, from, pos);
          continue;
        }
        const from = pos;
        pos = skipValue(bytes, field, wireType, pos, end);
        problems = this.#scalar(plan, field, wireType, problems, from, pos);
      }
    } catch (error) {
      if (error instanceof Malformed && field > 0) error.path.push(this.#step(plan, start, at, field));
      throw error;
    }
    if (problems !== 0) this.#problem ??= plan.reasons[31 - Math.clz32(problems & -problems)];
  }

  /** Judges a string, an id or a message; returns the problem bits as they are after it. */
  #content(plan: Plan, field: number, problems: number, start: number, end: number): number {
    switch (plan.ops[field]) {
      case OP.message:
        this.#message(plan.children[field] as Plan, start, end);
        return problems;
      case OP.text:
        if (!validUtf8(this.#bytes, start, end)) this.#badTexts++;
        return problems;
      case OP.strictId: {
        const size = end - start;
        const good = size === plan.idLengths[field] || (size === 0 && plan.mayBeEmpty[field] !== 0);
        return good ? problems & ~plan.bits[field] : problems | plan.bits[field];
      }
      case OP.looseId:
        if (start !== end && end - start !== plan.idLengths[field]) this.#wrongIds++;
    }
    return problems;
  }

  /** Judges a number, or several packed ones; returns the problem bits as they are after it. */
  #scalar(plan: Plan, field: number, wireType: number, problems: number, start: number, end: number): number {
    const op = plan.ops[field];
    if (wireType !== plan.wireTypes[field]) {
      if (op < OP.repeatedFixed64 || wireType !== 2) {
        throw new Malformed(`wire type ${wireType} where ${plan.wireTypes[field]} belongs`, start);
      }
      const good = this.#packed(op, pastVarint(this.#bytes, start, end), end);
      return good ? problems : problems | plan.bits[field];
    }
    if (op === OP.bounded) {
      return this.#bytes[end - 1] < 128 ? problems & ~plan.bits[field] : problems | plan.bits[field];
    }
    const tooLarge =
      (op === OP.repeatedCount64 && this.#bytes[end - 1] > 127) ||
      (op === OP.repeatedCountVarint && past63Bits(this.#bytes, start, end));
    return tooLarge ? problems | plan.bits[field] : problems;
  }

  #message(plan: Plan, start: number, end: number): void {
    switch (plan.nesting) {
      case 'none':
        if (plan.role === 'plain') this.walk(plan, start, end);
        else if (plan.role === 'record') this.#record(plan, start, end);
        else this.#group(plan, start, end);
        return;
      case 'value':
        // Too deep to be stored, and so too deep to be looked at.
        if (this.#level > MAX_VALUE_DEPTH) this.#deep = true;
        else this.walk(plan, start, end);
        return;
      case 'pair':
        if (this.#level > MAX_VALUE_DEPTH) this.#deep = true;
        this.walk(plan, start, end);
        return;
      case 'container':
        this.#level++;
        this.walk(plan, start, end);
        this.#level--;
    }
  }

  #record(plan: Plan, start: number, end: number): void {
    const deepOutside = this.#deep;
    this.#deep = false;
    this.#problem = undefined;
    this.walk(plan, start, end);
    if (this.#deep) this.#problem ??= REASONS.depth;
    this.#deep = deepOutside;
    if (this.#problem === undefined) this.#records++;
    else {
      this.#rejected++;
      this.#because(this.#problem);
    }
  }

  /** A resource, a scope or a metric with all that belongs to it. */
  #group(plan: Plan, start: number, end: number): void {
    const deepOutside = this.#deep;
    const before = this.#records;
    this.#deep = false;
    this.walk(plan, start, end);
    if (this.#deep && this.#records > before) {
      this.#rejected += this.#records - before;
      this.#records = before;
      this.#because(plan.name === 'Metric' ? REASONS.depth : REASONS.group);
    }
    this.#deep = deepOutside;
  }

  #because(reason: string): void {
    if (this.#reasons.size < MAX_REASONS) this.#reasons.add(reason);
  }

  /** A packed repeated scalar; false when a count in it is above 2^63-1. */
  #packed(op: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let good = true;
    if (op === OP.repeatedCountVarint) {
      for (let pos = start; pos < end; ) {
        const from = pos;
        pos = pastVarint(bytes, pos, end);
        if (past63Bits(bytes, from, pos)) good = false;
      }
      return good;
    }
    if ((end - start) % 8 !== 0) throw new Malformed('a packed field that is no multiple of 8 bytes', start);
    if (op === OP.repeatedCount64) {
      for (let last = start + 7; last < end; last += 8) if (bytes[last] > 127) good = false;
    }
    return good;
  }

  /** A path's step: the field's name, and its index when there can be several. */
  #step(plan: Plan, start: number, at: number, field: number): string {
    const descriptor = plan.fields[field];
    if (descriptor === undefined) return `field ${field}`;
    if (!descriptor.repeated) return descriptor.name;
    let index = 0;
    for (let pos = start; pos < at; ) {
      const from = pastVarint(this.#bytes, pos, at);
      const tag = varintValue(this.#bytes, pos, from);
      if (tag >>> 3 === field) index++;
      pos = skipValue(this.#bytes, tag >>> 3, tag & 7, from, at);
    }
    return `${descriptor.name}[${index}]`;
  }
}
