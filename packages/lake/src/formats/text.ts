import { constants, isUtf8 } from 'node:buffer';
import type { Notes } from './notes.ts';
import { problemAt } from './problem.ts';
import { skipBom } from './sniff.ts';

export const REPAIRED = 'text that is not valid UTF-8 is stored with U+FFFD in its place';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A piece of an object: where it starts and ends, and the line of its first byte, counted from 1. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/**
 * The piece's text; what is not UTF-8 becomes U+FFFD and is noted. Throws FormatProblem when it is longer
 * than any string can be.
 */
export function textOf(bytes: Uint8Array, piece: Piece, notes: Notes): string {
  if (piece.end - piece.start > constants.MAX_STRING_LENGTH) {
    throw problemAt(piece.line, `longer than ${constants.MAX_STRING_LENGTH} bytes; split it`);
  }
  const part = bytes.subarray(piece.start, piece.end);
  if (!isUtf8(part)) notes.add(REPAIRED, `line ${piece.line}`);
  return decoder.decode(part);
}

/** The lines that hold more than blanks, without their line ends (LF or CR LF) and without a BOM. */
export function* linesOf(bytes: Uint8Array): Generator<Piece> {
  let start = skipBom(bytes);
  for (let line = 1; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed;
    const trimmed = trim(bytes, start, end);
    if (trimmed.start < trimmed.end) yield { ...trimmed, line };
    start = end + 1;
  }
}

function trim(bytes: Uint8Array, from: number, to: number): { start: number; end: number } {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start])) start++;
  while (end > start && isBlank(bytes[end - 1])) end--;
  return { start, end };
}

/** JSON's white space (RFC 8259, section 2). */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
