import { isUtf8 } from 'node:buffer';
import type { JsonBytes } from './json-bytes.ts';
import type { WireReader } from './reader.ts';

/** How deep arrays and kvlists may nest; a scalar is level 1. Deeper values make their record invalid. */
export const MAX_VALUE_DEPTH = 64;

/** What an AnyValue holds. The letter is how attribute type columns write it. */
export const VALUE_KINDS = {
  empty: 'n',
  string: 's',
  bool: 'b',
  int: 'i',
  double: 'd',
  array: 'a',
  kvlist: 'm',
  bytes: 'x',
} as const;
export type ValueKind = keyof typeof VALUE_KINDS;

/** Thrown inside a record whose value nests too deep; the record is left out and counted. */
export class TooDeep {}
const TOO_DEEP = new TooDeep();

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Reads the AnyValue at `pos..end`. A string is not copied: `start`/`end` of the reader's bytes say where
 * it is. Everything else is rendered as text into `out`: scalars plainly, arrays and kvlists as JSON, bytes
 * as base64.
 */
export class AnyValueReader {
  kind: ValueKind = 'empty';
  /** Where the string is, when kind is `string`. */
  start = 0;
  end = 0;
  /** Strings inside arrays and kvlists that were not valid UTF-8. */
  repaired = 0;

  /** Reads a whole value; `out` is reset first. */
  read(r: WireReader, end: number, out: JsonBytes): void {
    out.length = 0;
    this.kind = 'empty';
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          this.end = r.lengthEnd(end);
          this.start = r.pos;
          r.pos = this.end;
          this.kind = 'string';
          break;
        case 16:
          r.varint64();
          out.length = 0;
          out.ascii(r.lo !== 0 || r.hi !== 0 ? 'true' : 'false');
          this.kind = 'bool';
          break;
        case 24:
          r.varint64();
          out.length = 0;
          out.int64(r.lo, r.hi);
          this.kind = 'int';
          break;
        case 33:
          out.length = 0;
          out.double(r.double(end));
          this.kind = 'double';
          break;
        case 42:
        case 50: {
          const inner = r.lengthEnd(end);
          out.length = 0;
          if (tag === 42) this.#array(r, inner, out, 2);
          else this.#kvlist(r, inner, out, 2);
          this.kind = tag === 42 ? 'array' : 'kvlist';
          break;
        }
        case 58: {
          const inner = r.lengthEnd(end);
          out.length = 0;
          out.base64(r.bytes, r.pos, inner);
          r.pos = inner;
          this.kind = 'bytes';
          break;
        }
        default:
          if (tag >>> 3 >= 1 && tag >>> 3 <= 7) r.wrongType('AnyValue', tag);
          r.skip(tag, end);
      }
      r.check(end);
    }
  }

  /** Renders a value as JSON, `null` when it is empty. */
  json(r: WireReader, end: number, out: JsonBytes, depth: number): void {
    if (depth > MAX_VALUE_DEPTH) throw TOO_DEEP;
    const from = out.length;
    out.ascii('null');
    while (r.pos < end) {
      const tag = r.tag();
      if (tag >>> 3 >= 1 && tag >>> 3 <= 7) out.length = from;
      switch (tag) {
        case 10: {
          const inner = r.lengthEnd(end);
          this.quotedText(r.bytes, r.pos, inner, out);
          r.pos = inner;
          break;
        }
        case 16:
          r.varint64();
          out.ascii(r.lo !== 0 || r.hi !== 0 ? 'true' : 'false');
          break;
        case 24:
          r.varint64();
          out.int64(r.lo, r.hi);
          break;
        case 33:
          out.jsonDouble(r.double(end));
          break;
        case 42:
          this.#array(r, r.lengthEnd(end), out, depth + 1);
          break;
        case 50:
          this.#kvlist(r, r.lengthEnd(end), out, depth + 1);
          break;
        case 58: {
          const inner = r.lengthEnd(end);
          out.byte(0x22);
          out.base64(r.bytes, r.pos, inner);
          out.byte(0x22);
          r.pos = inner;
          break;
        }
        default:
          if (tag >>> 3 >= 1 && tag >>> 3 <= 7) r.wrongType('AnyValue', tag);
          r.skip(tag, end);
      }
      r.check(end);
    }
  }

  /** Text as a JSON string; bytes that are not UTF-8 become U+FFFD and are counted. */
  quotedText(bytes: Uint8Array, start: number, end: number, out: JsonBytes): void {
    const text = bytes.subarray(start, end);
    if (isUtf8(text)) {
      out.quoted(bytes, start, end);
      return;
    }
    this.repaired++;
    const fixed = encoder.encode(decoder.decode(text));
    out.quoted(fixed, 0, fixed.length);
  }

  /** ArrayValue{repeated AnyValue values = 1}. */
  #array(r: WireReader, end: number, out: JsonBytes, depth: number): void {
    out.byte(0x5b);
    let first = true;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 10) {
        if (!first) out.byte(0x2c);
        first = false;
        this.json(r, r.lengthEnd(end), out, depth);
      } else if (tag >>> 3 === 1) r.wrongType('ArrayValue', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    out.byte(0x5d);
  }

  /** KeyValueList{repeated KeyValue values = 1}, braces included. */
  #kvlist(r: WireReader, end: number, out: JsonBytes, depth: number): void {
    out.byte(0x7b);
    let first = true;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 10) {
        if (!first) out.byte(0x2c);
        first = false;
        this.member(r, r.lengthEnd(end), out, depth);
      } else if (tag >>> 3 === 1) r.wrongType('KeyValueList', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    out.byte(0x7d);
  }

  /** One KeyValue{key = 1, value = 2} as a member of a JSON object. */
  member(r: WireReader, end: number, out: JsonBytes, depth: number): void {
    let keyStart = r.pos;
    let keyEnd = r.pos;
    let valueStart = end;
    let valueEnd = end;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 10) {
        keyEnd = r.lengthEnd(end);
        keyStart = r.pos;
        r.pos = keyEnd;
      } else if (tag === 18) {
        if (valueStart < end) this.#discard(r, valueStart, valueEnd, out, depth);
        valueEnd = r.lengthEnd(end);
        valueStart = r.pos;
        r.pos = valueEnd;
      } else if (tag >>> 3 === 1 || tag >>> 3 === 2) r.wrongType('KeyValue', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    this.quotedText(r.bytes, keyStart, keyEnd, out);
    out.byte(0x3a);
    r.pos = valueStart;
    this.json(r, valueEnd, out, depth);
    r.pos = end;
  }

  /** Reads a value that a later one replaces: it must be valid all the same. */
  #discard(r: WireReader, start: number, end: number, out: JsonBytes, depth: number): void {
    const { pos } = r;
    const { length } = out;
    r.pos = start;
    this.json(r, end, out, depth);
    r.pos = pos;
    out.length = length;
  }
}
