const encoder = new TextEncoder();

/**
 * Writes protobuf messages into one growing buffer. Fields are written in the order of the calls; default
 * values are written when asked for (a caller that wants proto3's omission leaves the call out).
 */
export class ProtoWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length) as Uint8Array<ArrayBuffer>;
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** A varint without a field tag. Negative numbers take ten bytes, as protobuf's int32 and int64 do. */
  rawVarint(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'number' && value >= 0 && value <= 0x7fffffff) {
      let rest = value;
      while (rest > 127) {
        this.#bytes[this.#length++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      this.#bytes[this.#length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #tag(field: number, wireType: number): void {
    this.rawVarint(field * 8 + wireType);
  }

  /** int32, int64, uint32, uint64, bool and enum fields. */
  varint(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    this.rawVarint(value);
  }

  bool(field: number, value: boolean): void {
    this.varint(field, value ? 1 : 0);
  }

  /** sint32 and sint64 fields: zigzag. */
  sint(field: number, value: number | bigint): void {
    const wide = BigInt.asIntN(64, BigInt(value));
    this.varint(field, BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n)));
  }

  /** fixed64 and sfixed64 fields. */
  fixed64(field: number, value: bigint): void {
    this.#tag(field, 1);
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
  }

  /** fixed32 fields. */
  fixed32(field: number, value: number): void {
    this.#tag(field, 5);
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.rawVarint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  string(field: number, value: string): void {
    this.#tag(field, 2);
    // Three bytes a UTF-16 unit is the most that UTF-8 takes.
    this.#reserve(value.length * 3 + 10);
    this.#prefixLength(() => {
      this.#length += encoder.encodeInto(value, this.#bytes.subarray(this.#length)).written;
    });
  }

  /** A sub-message: whatever `write` writes becomes the field's value. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    this.#prefixLength(write);
  }

  /** A packed repeated field: `write` writes the bare values (rawVarint, rawFixed64, rawDouble). */
  packed(field: number, write: () => void): void {
    this.message(field, write);
  }

  rawFixed64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
  }

  rawDouble(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Puts the length of what `write` writes in front of it; one byte is reserved, as most are short. */
  #prefixLength(write: () => void): void {
    this.#reserve(1);
    const at = this.#length++;
    write();
    const size = this.#length - at - 1;
    if (size < 128) {
      this.#bytes[at] = size;
      return;
    }
    const extra = size < 16384 ? 1 : size < 2097152 ? 2 : size < 268435456 ? 3 : 4;
    this.#reserve(extra);
    this.#bytes.copyWithin(at + 1 + extra, at + 1, this.#length);
    const end = this.#length + extra;
    this.#length = at;
    this.rawVarint(size);
    this.#length = end;
  }
}
