import { WireError } from '../errors.ts';

/**
 * Reads protobuf wire data in place. Positions are byte offsets into `bytes`; a read past the end of the
 * message at hand is noticed by `check`, which every field loop calls once a field.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  pos = 0;
  /** The two halves of the last 64-bit value read. */
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A varint's low 32 bits, unsigned. */
  varint(): number {
    const first = this.bytes[this.pos++];
    if (first < 128) return first;
    this.pos--;
    this.varint64();
    return this.lo;
  }

  /** A field's tag: number and wire type, which together fit 32 bits. */
  tag(): number {
    return this.#narrow('field tag');
  }

  /** A varint that must fit 32 bits. */
  #narrow(what: string): number {
    const first = this.bytes[this.pos++];
    if (first < 128) return first;
    this.pos--;
    this.varint64();
    if (this.hi !== 0) throw new WireError(`${what} above 2^32 before byte ${this.pos}`);
    return this.lo;
  }

  /** A varint into `lo` and `hi`, both unsigned. */
  varint64(): void {
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.pos++];
      const bits = byte & 127;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= shift < 60 ? bits << (shift - 32) : 0;
      if (shift === 63) hi |= bits << 31;
      if (!(byte >= 128)) {
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    throw new WireError(`varint longer than 10 bytes at byte ${this.pos}`);
  }

  /** A fixed64 into `lo` and `hi`. */
  fixed64(end: number): void {
    if (this.pos + 8 > end) this.truncated(end);
    this.lo = this.view.getUint32(this.pos, true);
    this.hi = this.view.getUint32(this.pos + 4, true);
    this.pos += 8;
  }

  fixed32(end: number): number {
    if (this.pos + 4 > end) this.truncated(end);
    const value = this.view.getUint32(this.pos, true);
    this.pos += 4;
    return value;
  }

  double(end: number): number {
    if (this.pos + 8 > end) this.truncated(end);
    const value = this.view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  /** Reads a length and returns where the field's content ends; `pos` is where it starts. */
  lengthEnd(end: number): number {
    const length = this.#narrow('length');
    const contentEnd = this.pos + length;
    if (contentEnd > end || this.pos > end) this.truncated(end);
    return contentEnd;
  }

  /** Passes over a field that nobody asked for. */
  skip(tag: number, end: number): void {
    if (tag >>> 3 === 0) throw new WireError(`field number 0 at byte ${this.pos}`);
    switch (tag & 7) {
      case 0:
        this.varint64();
        break;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.lengthEnd(end);
        break;
      case 5:
        this.pos += 4;
        break;
      default:
        throw new WireError(`wire type ${tag & 7} at byte ${this.pos} is not supported`);
    }
    this.check(end);
  }

  /** Fails when a read went past `end`. */
  check(end: number): void {
    if (this.pos > end) this.truncated(end);
  }

  /** Fails when a known field does not have the wire type that its definition gives it. */
  wrongType(message: string, tag: number): never {
    throw new WireError(`${message}: field ${tag >>> 3} has wire type ${tag & 7} before byte ${this.pos}`);
  }

  truncated(end: number): never {
    throw new WireError(`field reaches past the end of its message at byte ${end}`);
  }
}
