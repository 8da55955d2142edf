import { problemAt } from './problem.ts';
import { skipBom } from './sniff.ts';
import { isBlank, type Piece } from './text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FEED = 0x0a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * The JSON objects that follow each other in an object, on one line each, spread over several, or with
 * nothing between them. Only braces and strings are looked at; whether a document is valid is the parser's
 * business. Throws FormatProblem for anything else between them and for one that does not end.
 */
export function* jsonDocuments(bytes: Uint8Array): Generator<Piece> {
  let at = skipBom(bytes);
  let line = 1;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === FEED) line++;
    if (isBlank(byte)) {
      at++;
      continue;
    }
    if (byte !== OPEN) throw problemAt(line, notAnObject(byte));
    const { end, feeds } = documentEnd(bytes, at, line);
    yield { start: at, end, line };
    line += feeds;
    at = end;
  }
}

/** Where the object that opens at `start` is closed, and how many line feeds it holds. */
function documentEnd(bytes: Uint8Array, start: number, line: number): { end: number; feeds: number } {
  let depth = 0;
  let feeds = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at + 1);
    } else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return { end: at + 1, feeds };
    else if (byte === FEED) feeds++;
  }
  throw problemAt(line, 'a JSON object starts here and does not end');
}

/** Where the string's closing quote is, or the object's end. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function notAnObject(byte: number): string {
  return byte === 0x5b
    ? 'a JSON array where an object should be; write one object a line'
    : 'something that is not a JSON object';
}
