import { AnyValueReader, TooDeep } from './any-value.ts';
import { INVALID_SET, NONE } from './attributes.ts';
import { type DecodeContext, type DecodeCounts, REASONS, reject } from './context.ts';
import { JsonBytes } from './json-bytes.ts';
import { WireReader } from './reader.ts';
import { growRows, makeRows, type Rows } from './rows.ts';

const SPEC = {
  resource: 'i32',
  scope: 'i32',
  /** Time, else observed time, else arrival. */
  time: 'u64',
  /** 0 when not sent. */
  observed: 'u64',
  severityNumber: 'i32',
  severityText: 'i32',
  body: 'i32',
  /** String id of the body's kind. */
  bodyKind: 'i32',
  attributes: 'i32',
  traceId: 'i32',
  spanId: 'i32',
  flags: 'u32',
  eventName: 'i32',
  dropped: 'u32',
} as const;

/** Log records as columns. String columns hold ids of the context's string table, NONE for NULL. */
export type LogRows = Rows<typeof SPEC>;

/** Decodes ExportLogsServiceRequests into columns; call `decode` once for each raw object of a batch. */
export class LogsDecoder {
  readonly rows: LogRows;
  readonly #context: DecodeContext;
  readonly #value = new AnyValueReader();
  readonly #scratch = new JsonBytes();
  readonly #kinds = new Map<string, number>();

  constructor(context: DecodeContext) {
    this.#context = context;
    this.rows = makeRows(SPEC, context.memory);
  }

  /** Strings in bodies that were not valid UTF-8. */
  get repaired(): number {
    return this.#value.repaired;
  }

  /**
   * Adds the request's records. `arrivedNs` is the time of records that carry none.
   * Throws WireError when the bytes are not a valid request; the rows are then unusable.
   */
  decode(bytes: Uint8Array, arrivedNs: bigint, counts: DecodeCounts): void {
    const arrivedLo = Number(arrivedNs & 0xffffffffn);
    const arrivedHi = Number(arrivedNs >> 32n);
    this.#context.walk(new WireReader(bytes), (r, end) => {
      if (this.rows.length === this.rows.capacity) growRows(this.rows, SPEC, this.#context.memory);
      const problem = this.#record(r, end, arrivedLo, arrivedHi);
      if (problem === undefined) {
        this.rows.length++;
        counts.records++;
      } else reject(counts, problem);
    });
  }

  /** Fills the row after the last; the caller counts it in when no problem is returned. */
  #record(r: WireReader, end: number, arrivedLo: number, arrivedHi: number): string | undefined {
    const { rows } = this;
    const context = this.#context;
    const row = rows.length;
    let timeLo = 0;
    let timeHi = 0;
    let observedLo = 0;
    let observedHi = 0;
    let problem: string | undefined = context.groupInvalid ? REASONS.group : undefined;
    rows.severityNumber[row] = 0;
    rows.severityText[row] = NONE;
    rows.body[row] = NONE;
    rows.bodyKind[row] = NONE;
    rows.traceId[row] = NONE;
    rows.spanId[row] = NONE;
    rows.flags[row] = 0;
    rows.eventName[row] = NONE;
    rows.dropped[row] = 0;
    context.attributes.begin();
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 9:
          r.fixed64(end);
          timeLo = r.lo;
          timeHi = r.hi;
          break;
        case 89:
          r.fixed64(end);
          observedLo = r.lo;
          observedHi = r.hi;
          break;
        case 16:
          rows.severityNumber[row] = r.varint();
          break;
        case 26:
        case 98: {
          const textEnd = r.lengthEnd(end);
          const text = context.strings.internText(r.bytes, r.pos, textEnd);
          if (tag === 26) rows.severityText[row] = text > 0 ? text : NONE;
          else rows.eventName[row] = text > 0 ? text : NONE;
          r.pos = textEnd;
          break;
        }
        case 42: {
          const bodyEnd = r.lengthEnd(end);
          if (!this.#body(r, bodyEnd, row)) problem ??= REASONS.depth;
          r.pos = bodyEnd;
          break;
        }
        case 50:
          context.attributes.add(r, r.lengthEnd(end));
          break;
        case 56:
          rows.dropped[row] = r.varint();
          break;
        case 69:
          rows.flags[row] = r.fixed32(end);
          break;
        case 74: {
          const idEnd = r.lengthEnd(end);
          rows.traceId[row] = context.traceId(r, idEnd);
          r.pos = idEnd;
          break;
        }
        case 82: {
          const idEnd = r.lengthEnd(end);
          rows.spanId[row] = context.spanId(r, idEnd);
          r.pos = idEnd;
          break;
        }
        default: {
          const field = tag >>> 3;
          if (field >= 1 && field <= 12 && field !== 4) r.wrongType('LogRecord', tag);
          r.skip(tag, end);
        }
      }
      r.check(end);
    }
    const set = context.attributes.finish();
    if (set === INVALID_SET) problem ??= REASONS.depth;
    if (timeHi >= 0x80000000 || observedHi >= 0x80000000) problem ??= REASONS.time;
    rows.observed[row * 2] = observedLo;
    rows.observed[row * 2 + 1] = observedHi;
    if (timeLo === 0 && timeHi === 0) {
      const observed = observedLo !== 0 || observedHi !== 0;
      timeLo = observed ? observedLo : arrivedLo;
      timeHi = observed ? observedHi : arrivedHi;
    }
    rows.time[row * 2] = timeLo;
    rows.time[row * 2 + 1] = timeHi;
    rows.attributes[row] = set;
    rows.resource[row] = context.resource;
    rows.scope[row] = context.scope;
    return problem;
  }

  #body(r: WireReader, end: number, row: number): boolean {
    const value = this.#value;
    try {
      value.read(r, end, this.#scratch);
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      return false;
    }
    if (value.kind === 'empty') return true;
    const { strings } = this.#context;
    this.rows.body[row] =
      value.kind === 'string'
        ? strings.internText(r.bytes, value.start, value.end)
        : strings.intern(this.#scratch.bytes, 0, this.#scratch.length);
    let kind = this.#kinds.get(value.kind);
    if (kind === undefined) {
      kind = strings.internString(value.kind);
      this.#kinds.set(value.kind, kind);
    }
    this.rows.bodyKind[row] = kind;
    return true;
  }
}
