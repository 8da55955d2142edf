const decoder = new TextDecoder();

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

/** Structs within structs; Parquet's own go to about eight. */
const MAX_DEPTH = 32;

/** A field whose value is not looked at: a boolean's is its type. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads structs in Thrift's compact protocol, the counterpart of ThriftWriter. Throws RangeError when the
 * bytes end early or are of another kind than asked for.
 */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  #depth = 0;
  /** Of the next byte. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /**
   * Reads one struct: `field` is called with the id and type of each field and reads it, or answers false to
   * have it passed over.
   */
  struct(field: (id: number, type: number) => boolean): void {
    if (++this.#depth > MAX_DEPTH) throw new RangeError('structs are nested too deep');
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === STOP) break;
      const type = head & 15;
      id = head >> 4 === 0 ? this.int() : id + (head >> 4);
      if (!field(id, type)) this.#skip(type);
    }
    this.#depth--;
  }

  /** Reads one struct and answers its fields as they are, in their order. */
  fields(): ThriftField[] {
    const fields: ThriftField[] = [];
    this.struct((id, type) => {
      const from = this.at;
      this.#skip(type);
      fields.push({ id, type, bytes: this.#bytes.subarray(from, this.at) });
      return true;
    });
    return fields;
  }

  /** Reads a list: `item` is called for each of its items and reads it. */
  list(item: () => void): void {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (count > this.#bytes.length) throw new RangeError('a list is longer than the bytes');
    for (let i = 0; i < count; i++) item();
  }

  /** An i32 or i64 that fits a double. */
  int(): number {
    const raw = this.#varint();
    const value = raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    if (!Number.isSafeInteger(value)) throw new RangeError('an integer is too big');
    return value;
  }

  string(): string {
    return decoder.decode(this.binary());
  }

  /** A view of the bytes. */
  binary(): Uint8Array {
    const length = this.#varint();
    const from = this.at;
    this.#advance(length);
    return this.#bytes.subarray(from, this.at);
  }

  #skip(type: number): void {
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.#advance(1);
    else if (type <= I64) this.#varint();
    else if (type === DOUBLE) this.#advance(8);
    else if (type === BINARY) this.binary();
    else if (type === LIST || type === SET) {
      const itemType = this.#bytes[this.at] & 15;
      this.list(() => (itemType <= FALSE ? this.#advance(1) : this.#skip(itemType)));
    } else if (type === STRUCT) this.struct(() => false);
    else throw new RangeError(`Thrift type ${type} is not known`);
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new RangeError('an integer does not end');
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError('the bytes end early');
    return this.#bytes[this.at++];
  }

  #advance(count: number): void {
    if (this.at + count > this.#bytes.length) throw new RangeError('the bytes end early');
    this.at += count;
  }
}
