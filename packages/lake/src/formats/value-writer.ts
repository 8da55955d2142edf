import { ProtoWriter } from '@lakewright/otlp';
import { isJsonObject, type JsonValue, LongNumber } from './json-values.ts';

/**
 * Values that nest deeper than 64 levels make their record invalid, and the decoder says so. One level
 * more than it takes is written, and nothing below, so that its answer is the same for any depth.
 */
const WRITTEN_LEVELS = 65;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Writes JSON values as AnyValue and KeyValue messages. */
export class ValueWriter {
  readonly proto: ProtoWriter;
  /** Strings that held half of a surrogate pair, which UTF-8 cannot say: written with U+FFFD. */
  repaired = 0;

  constructor(capacity: number) {
    this.proto = new ProtoWriter(capacity);
  }

  /** A string `field`. */
  text(field: number, value: string): void {
    if (!value.isWellFormed()) this.repaired++;
    this.proto.string(field, value);
  }

  /**
   * The fields of an AnyValue. Numbers without a fraction are integers, exact to the 64th bit; a number
   * that neither int64 nor double holds is kept as the text that was sent. `null` is an empty value.
   */
  value(value: JsonValue, level = 1): void {
    if (value === null) return;
    if (typeof value === 'string') this.text(1, value);
    else if (typeof value === 'boolean') this.proto.bool(2, value);
    else if (typeof value === 'number') this.#number(value);
    else if (value instanceof LongNumber) this.#longNumber(value.text);
    else if (isJsonObject(value)) {
      this.proto.message(6, () => {
        if (level < WRITTEN_LEVELS) this.members(1, Object.entries(value), level + 1);
      });
    } else {
      this.proto.message(5, () => {
        if (level >= WRITTEN_LEVELS) return;
        for (const element of value) this.proto.message(1, () => this.value(element, level + 1));
      });
    }
  }

  /** A repeated KeyValue `field`; members that are null are absent. */
  members(field: number, members: Iterable<readonly [string, JsonValue]>, level = 1): void {
    for (const [key, value] of members) {
      if (value === null) continue;
      this.proto.message(field, () => {
        this.text(1, key);
        this.proto.message(2, () => this.value(value, level));
      });
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.proto.varint(3, value);
    else this.proto.double(4, value);
  }

  #longNumber(text: string): void {
    const whole = /^-?\d+$/.test(text);
    const integer = whole ? BigInt(text) : undefined;
    if (integer !== undefined && integer >= MIN_INT64 && integer <= MAX_INT64) this.proto.varint(3, integer);
    else if (whole || !Number.isFinite(Number(text))) this.text(1, text);
    else this.proto.double(4, Number(text));
  }
}
