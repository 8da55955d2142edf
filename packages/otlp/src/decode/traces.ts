import { AnyValueReader, TooDeep } from './any-value.ts';
import { INVALID_SET, NONE } from './attributes.ts';
import { type DecodeContext, type DecodeCounts, REASONS, reject } from './context.ts';
import { JsonBytes } from './json-bytes.ts';
import { WireReader } from './reader.ts';
import { growRows, makeRows, type Rows } from './rows.ts';

const SPEC = {
  resource: 'i32',
  scope: 'i32',
  /** Start, else end, else arrival. */
  time: 'u64',
  /** End, else start, so that a span without an end has duration 0. */
  end: 'u64',
  traceId: 'i32',
  spanId: 'i32',
  parentSpanId: 'i32',
  traceState: 'i32',
  name: 'i32',
  kind: 'i32',
  statusCode: 'i32',
  statusMessage: 'i32',
  attributes: 'i32',
  /** String ids of JSON arrays. */
  events: 'i32',
  links: 'i32',
  flags: 'u32',
  droppedAttributes: 'u32',
  droppedEvents: 'u32',
  droppedLinks: 'u32',
} as const;

/** Spans as columns. String columns hold ids of the context's string table, NONE for NULL. */
export type SpanRows = Rows<typeof SPEC>;

/** Decodes ExportTraceServiceRequests into columns; call `decode` once for each raw object of a batch. */
export class TracesDecoder {
  readonly rows: SpanRows;
  readonly #context: DecodeContext;
  readonly #value = new AnyValueReader();
  readonly #events = new JsonBytes();
  readonly #links = new JsonBytes();
  #problem: string | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.rows = makeRows(SPEC, context.memory);
  }

  /** Strings in events and links that were not valid UTF-8. */
  get repaired(): number {
    return this.#value.repaired;
  }

  /**
   * Adds the request's spans. `arrivedNs` is the time of spans that carry none.
   * Throws WireError when the bytes are not a valid request; the rows are then unusable.
   */
  decode(bytes: Uint8Array, arrivedNs: bigint, counts: DecodeCounts): void {
    const arrivedLo = Number(arrivedNs & 0xffffffffn);
    const arrivedHi = Number(arrivedNs >> 32n);
    this.#context.walk(new WireReader(bytes), (r, end) => {
      if (this.rows.length === this.rows.capacity) growRows(this.rows, SPEC, this.#context.memory);
      this.#problem = this.#context.groupInvalid ? REASONS.group : undefined;
      this.#span(r, end, arrivedLo, arrivedHi);
      if (this.#problem === undefined) {
        this.rows.length++;
        counts.records++;
      } else reject(counts, this.#problem);
    });
  }

  #span(r: WireReader, end: number, arrivedLo: number, arrivedHi: number): void {
    const { rows } = this;
    const context = this.#context;
    const row = rows.length;
    let startLo = 0;
    let startHi = 0;
    let endLo = 0;
    let endHi = 0;
    let parentLength = 0;
    this.#reset(row);
    context.attributes.begin();
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
        case 18:
        case 34: {
          const idEnd = r.lengthEnd(end);
          if (tag === 10) rows.traceId[row] = context.traceId(r, idEnd);
          else if (tag === 18) rows.spanId[row] = context.spanId(r, idEnd);
          else {
            parentLength = idEnd - r.pos;
            rows.parentSpanId[row] = context.spanId(r, idEnd);
          }
          r.pos = idEnd;
          break;
        }
        case 26:
        case 42: {
          const textEnd = r.lengthEnd(end);
          const text = context.strings.internText(r.bytes, r.pos, textEnd);
          if (tag === 42) rows.name[row] = text;
          else rows.traceState[row] = text > 0 ? text : NONE;
          r.pos = textEnd;
          break;
        }
        case 48:
          rows.kind[row] = r.varint();
          break;
        case 57:
          r.fixed64(end);
          startLo = r.lo;
          startHi = r.hi;
          break;
        case 65:
          r.fixed64(end);
          endLo = r.lo;
          endHi = r.hi;
          break;
        case 74:
          context.attributes.add(r, r.lengthEnd(end));
          break;
        case 80:
          rows.droppedAttributes[row] = r.varint();
          break;
        case 90:
          this.#part(r, r.lengthEnd(end), this.#events, eventFields);
          break;
        case 96:
          rows.droppedEvents[row] = r.varint();
          break;
        case 106:
          this.#part(r, r.lengthEnd(end), this.#links, linkFields);
          break;
        case 112:
          rows.droppedLinks[row] = r.varint();
          break;
        case 122:
          this.#status(r, r.lengthEnd(end), row);
          break;
        case 133:
          rows.flags[row] = r.fixed32(end);
          break;
        default: {
          const field = tag >>> 3;
          if (field >= 1 && field <= 16) r.wrongType('Span', tag);
          r.skip(tag, end);
        }
      }
      r.check(end);
    }
    const wrongParent = parentLength !== 0 && parentLength !== 8;
    if (rows.traceId[row] === NONE || rows.spanId[row] === NONE || wrongParent) {
      this.#problem ??= REASONS.spanIds;
    }
    const set = context.attributes.finish();
    if (set === INVALID_SET) this.#problem ??= REASONS.depth;
    if (startHi >= 0x80000000 || endHi >= 0x80000000) this.#problem ??= REASONS.time;
    rows.attributes[row] = set;
    rows.resource[row] = context.resource;
    rows.scope[row] = context.scope;
    if (startLo === 0 && startHi === 0) {
      const ended = endLo !== 0 || endHi !== 0;
      startLo = ended ? endLo : arrivedLo;
      startHi = ended ? endHi : arrivedHi;
    }
    const ended = endLo !== 0 || endHi !== 0;
    rows.time[row * 2] = startLo;
    rows.time[row * 2 + 1] = startHi;
    rows.end[row * 2] = ended ? endLo : startLo;
    rows.end[row * 2 + 1] = ended ? endHi : startHi;
    rows.events[row] = this.#finishList(this.#events);
    rows.links[row] = this.#finishList(this.#links);
  }

  #reset(row: number): void {
    const { rows } = this;
    rows.traceId[row] = NONE;
    rows.spanId[row] = NONE;
    rows.parentSpanId[row] = NONE;
    rows.traceState[row] = NONE;
    rows.name[row] = 0;
    rows.kind[row] = 0;
    rows.statusCode[row] = 0;
    rows.statusMessage[row] = NONE;
    rows.flags[row] = 0;
    rows.droppedAttributes[row] = 0;
    rows.droppedEvents[row] = 0;
    rows.droppedLinks[row] = 0;
    this.#events.reset();
    this.#links.reset();
  }

  #finishList(list: JsonBytes): number {
    if (list.length === 0) return NONE;
    list.byte(0x5d);
    return this.#context.strings.intern(list.bytes, 0, list.length);
  }

  /** One event or link as an element of a JSON array that is being built. */
  #part(r: WireReader, end: number, list: JsonBytes, fields: PartFields): void {
    list.byte(list.length === 0 ? 0x5b : 0x2c);
    try {
      const problem = fields(r, end, list, this.#value);
      if (problem !== undefined) this.#problem ??= problem;
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      this.#problem ??= REASONS.depth;
    }
    r.pos = end;
  }

  /** Status{message = 2, code = 3}. */
  #status(r: WireReader, end: number, row: number): void {
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 18) {
        const textEnd = r.lengthEnd(end);
        const text = this.#context.strings.internText(r.bytes, r.pos, textEnd);
        this.rows.statusMessage[row] = text > 0 ? text : NONE;
        r.pos = textEnd;
      } else if (tag === 24) this.rows.statusCode[row] = r.varint();
      else if (tag >>> 3 === 2 || tag >>> 3 === 3) r.wrongType('Status', tag);
      else r.skip(tag, end);
      r.check(end);
    }
  }
}

type PartFields = (r: WireReader, end: number, out: JsonBytes, value: AnyValueReader) => string | undefined;

/** Event{time_unix_nano = 1, name = 2, attributes = 3, dropped_attributes_count = 4}. */
function eventFields(r: WireReader, end: number, out: JsonBytes, value: AnyValueReader): string | undefined {
  let problem: string | undefined;
  let timeLo = 0;
  let timeHi = 0;
  let nameStart = 0;
  let nameEnd = 0;
  let dropped = 0;
  out.ascii('{"attributes":{');
  let first = true;
  while (r.pos < end) {
    const tag = r.tag();
    if (tag === 9) {
      r.fixed64(end);
      timeLo = r.lo;
      timeHi = r.hi;
      problem = timeHi >= 0x80000000 ? REASONS.time : undefined;
    } else if (tag === 18) {
      nameEnd = r.lengthEnd(end);
      nameStart = r.pos;
      r.pos = nameEnd;
    } else if (tag === 26) {
      if (!first) out.byte(0x2c);
      first = false;
      value.member(r, r.lengthEnd(end), out, 1);
    } else if (tag === 32) dropped = r.varint();
    else if (tag >>> 3 >= 1 && tag >>> 3 <= 4) r.wrongType('Event', tag);
    else r.skip(tag, end);
    r.check(end);
  }
  out.ascii('},"name":');
  value.quotedText(r.bytes, nameStart, nameEnd, out);
  out.ascii(',"time_unix_nano":');
  out.uint64(timeLo, timeHi);
  out.ascii(',"dropped_attributes_count":');
  out.ascii(String(dropped));
  out.byte(0x7d);
  return problem;
}

/** Link{trace_id = 1, span_id = 2, trace_state = 3, attributes = 4, dropped_attributes_count = 5, flags = 6}. */
function linkFields(r: WireReader, end: number, out: JsonBytes, value: AnyValueReader): string | undefined {
  const at = [0, 0, 0, 0, 0, 0];
  let dropped = 0;
  let flags = 0;
  out.ascii('{"attributes":{');
  let first = true;
  while (r.pos < end) {
    const tag = r.tag();
    if (tag === 10 || tag === 18 || tag === 26) {
      const index = (tag >>> 3) - 1;
      at[index * 2 + 1] = r.lengthEnd(end);
      at[index * 2] = r.pos;
      r.pos = at[index * 2 + 1];
    } else if (tag === 34) {
      if (!first) out.byte(0x2c);
      first = false;
      value.member(r, r.lengthEnd(end), out, 1);
    } else if (tag === 40) dropped = r.varint();
    else if (tag === 53) flags = r.fixed32(end);
    else if (tag >>> 3 >= 1 && tag >>> 3 <= 6) r.wrongType('Link', tag);
    else r.skip(tag, end);
    r.check(end);
  }
  out.ascii('},"trace_id":"');
  out.hex(r.bytes, at[0], at[1]);
  out.ascii('","span_id":"');
  out.hex(r.bytes, at[2], at[3]);
  out.ascii('","trace_state":');
  value.quotedText(r.bytes, at[4], at[5], out);
  out.ascii(`,"dropped_attributes_count":${dropped},"flags":${flags}}`);
  return at[1] - at[0] === 16 && at[3] - at[2] === 8 ? undefined : REASONS.linkIds;
}
