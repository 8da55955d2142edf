import { type AnyValueReader, TooDeep } from './any-value.ts';
import { REASONS } from './context.ts';
import type { JsonBytes } from './json-bytes.ts';
import type { WireReader } from './reader.ts';

/**
 * One Exemplar{filtered_attributes = 7, time_unix_nano = 2, as_double = 3, as_int = 6, span_id = 4,
 * trace_id = 5} as an element of the JSON array that `list` is becoming. Ids of a wrong length are null.
 * Returns why the point cannot be stored, if so.
 */
export function addExemplar(
  r: WireReader,
  end: number,
  list: JsonBytes,
  value: AnyValueReader,
): string | undefined {
  list.byte(list.length === 0 ? 0x5b : 0x2c);
  try {
    return exemplar(r, end, list, value);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return REASONS.depth;
  }
}

function exemplar(r: WireReader, end: number, out: JsonBytes, value: AnyValueReader): string | undefined {
  let timeLo = 0;
  let timeHi = 0;
  let double = 0;
  let intLo = 0;
  let intHi = 0;
  let held: 'none' | 'double' | 'int' = 'none';
  const span = [0, 0];
  const trace = [0, 0];
  let first = true;
  out.ascii('{"filtered_attributes":{');
  while (r.pos < end) {
    const tag = r.tag();
    if (tag === 17) {
      r.fixed64(end);
      timeLo = r.lo;
      timeHi = r.hi;
    } else if (tag === 25) {
      double = r.double(end);
      held = 'double';
    } else if (tag === 49) {
      r.fixed64(end);
      intLo = r.lo;
      intHi = r.hi;
      held = 'int';
    } else if (tag === 34 || tag === 42) {
      const into = tag === 34 ? span : trace;
      into[1] = r.lengthEnd(end);
      into[0] = r.pos;
      r.pos = into[1];
    } else if (tag === 58) {
      if (!first) out.byte(0x2c);
      first = false;
      value.member(r, r.lengthEnd(end), out, 1);
    } else if (tag >>> 3 >= 2 && tag >>> 3 <= 7) r.wrongType('Exemplar', tag);
    else r.skip(tag, end);
    r.check(end);
  }
  out.ascii('},"time_unix_nano":');
  out.uint64(timeLo, timeHi);
  out.ascii(',"value":');
  if (held === 'double') out.jsonDouble(double);
  else if (held === 'int') out.int64(intLo, intHi);
  else out.ascii('null');
  out.ascii(',"trace_id":');
  id(r, trace, 16, out);
  out.ascii(',"span_id":');
  id(r, span, 8, out);
  out.byte(0x7d);
  return timeHi >= 0x80000000 ? REASONS.time : undefined;
}

function id(r: WireReader, at: number[], length: number, out: JsonBytes): void {
  if (at[1] - at[0] !== length) {
    out.ascii('null');
    return;
  }
  out.byte(0x22);
  out.hex(r.bytes, at[0], at[1]);
  out.byte(0x22);
}
