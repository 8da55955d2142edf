/** A fault in the wire form; each message on the way out adds its field to the path. */
export class Malformed {
  readonly reason: string;
  /** Byte offset. */
  readonly at: number;
  /** Steps from the faulty field outwards. */
  readonly path: string[] = [];

  constructor(reason: string, at: number) {
    this.reason = reason;
    this.at = at;
  }
}

const PAST_END = 'a value reaches past the end of its message';

/** Where the varint at `pos` ends. Throws Malformed past `end` and beyond ten bytes. */
export function pastVarint(bytes: Uint8Array, pos: number, end: number): number {
  const limit = pos + 10;
  let next = pos;
  while (next < end) {
    if (bytes[next++] < 128) return next;
    if (next === limit) throw new Malformed('a varint longer than 10 bytes', pos);
  }
  throw new Malformed(PAST_END, pos);
}

/** The value of the varint `start..end`: exact to 2^53, then near enough to be found too large. */
export function varintValue(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= start; i--) value = value * 128 + (bytes[i] & 127);
  return value;
}

/** Whether the varint `start..end` has its 64th bit set. */
export function past63Bits(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 10 && (bytes[end - 1] & 1) === 1;
}

/** `pos + count`, when that is not past `end`. */
export function advance(pos: number, count: number, end: number): number {
  if (pos + count > end) throw new Malformed(PAST_END, pos);
  return pos + count;
}

/** Where the content ends whose length stood at `pos..from`. */
export function contentEnd(bytes: Uint8Array, pos: number, from: number, end: number): number {
  return advance(from, varintValue(bytes, pos, from), end);
}

/** The end of a field's value that starts at `pos`, whatever it means. */
export function skipValue(
  bytes: Uint8Array,
  field: number,
  wireType: number,
  pos: number,
  end: number,
): number {
  if (field === 0) throw new Malformed('field number 0', pos);
  switch (wireType) {
    case 0:
      return pastVarint(bytes, pos, end);
    case 1:
      return advance(pos, 8, end);
    case 2:
      return contentEnd(bytes, pos, pastVarint(bytes, pos, end), end);
    case 5:
      return advance(pos, 4, end);
    default:
      throw new Malformed(`unsupported wire type ${wireType}`, pos);
  }
}
