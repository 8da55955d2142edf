import { FormatProblem } from './problem.ts';
import type { Format } from './suffixes.ts';

const BRACE = 0x7b;
const ADVICE = 'name the file .binpb, .json, .ndjson or .csv, with .gz or .zst when it is compressed';

/**
 * The format of an object whose name does not say it: JSON when it starts with `{`, protobuf when its
 * bytes are a row of protobuf fields. Throws FormatProblem when they are neither.
 */
export function sniff(bytes: Uint8Array): Format {
  const start = skipBom(bytes);
  if (bytes[start] === BRACE) return 'json';
  // A line feed is also how a request in protobuf starts (field 1 with a length), so this question comes
  // before the one for blanks.
  if (bytes[0] === 0x0a && isFieldRow(bytes)) return 'protobuf';
  let at = start;
  while (bytes[at] === 0x20 || (bytes[at] >= 0x09 && bytes[at] <= 0x0d)) at++;
  if (bytes[at] === BRACE) return 'json';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new FormatProblem(`it looks like gzip; ${ADVICE}`);
  if (bytes[0] === 0x28 && bytes[1] === 0xb5) throw new FormatProblem(`it looks like zstd; ${ADVICE}`);
  throw new FormatProblem(`it is neither JSON nor OTLP protobuf; ${ADVICE}`);
}

/** Where the text starts: behind a UTF-8 byte order mark when there is one. */
export function skipBom(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Whether the bytes are whole protobuf fields to the very end. Only the outermost level is looked at. */
function isFieldRow(bytes: Uint8Array): boolean {
  const reader = { at: 0 };
  while (reader.at < bytes.length) {
    const tag = varint(bytes, reader);
    if (tag === undefined || tag < 8) return false;
    const type = tag % 8;
    if (type === 0) {
      if (varint(bytes, reader) === undefined) return false;
    } else if (type === 1) reader.at += 8;
    else if (type === 5) reader.at += 4;
    else if (type === 2) {
      const length = varint(bytes, reader);
      if (length === undefined) return false;
      reader.at += length;
    } else return false;
  }
  return reader.at === bytes.length;
}

function varint(bytes: Uint8Array, reader: { at: number }): number | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[reader.at++];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return value;
  }
  return undefined;
}
