import type { Signal } from '@lakewright/core';
import { jsonDocuments } from './json-documents.ts';
import { isJsonObject } from './json-values.ts';
import type { FormatLimits } from './limits.ts';
import type { LogRecords } from './log-records.ts';
import type { Notes } from './notes.ts';
import { parseAt, signalAtStart, signalOfRequest, transcode } from './otlp-json.ts';
import { problemAt } from './problem.ts';
import { linesOf, type Piece, textOf } from './text.ts';

/** Enough of a document to see its first field. */
const HEAD_BYTES = 256;

/**
 * Reads OTLP/JSON requests and, for logs, plain JSON objects: one a line (`ndjson`) or however they follow
 * each other (`json`). Throws FormatProblem.
 */
export function readJson(
  format: 'json' | 'ndjson',
  signal: Signal,
  bytes: Uint8Array,
  records: LogRecords,
  limits: FormatLimits,
  notes: Notes,
): void {
  for (const piece of format === 'json' ? jsonDocuments(bytes) : linesOf(bytes)) {
    readPiece(signal, bytes, piece, records, limits, notes);
  }
}

function readPiece(
  signal: Signal,
  bytes: Uint8Array,
  piece: Piece,
  records: LogRecords,
  limits: FormatLimits,
  notes: Notes,
): void {
  const { start, end, line } = piece;
  const atStart = signalAtStart(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, HEAD_BYTES)).toString('latin1'),
  );
  if (atStart !== undefined) {
    records.addRequest(transcode(signal, atStart, textOf(bytes, piece, notes), line));
    return;
  }
  if (end - start > limits.maxLineBytes) {
    throw problemAt(line, `longer than maxLineBytes (${limits.maxLineBytes} bytes)`);
  }
  const text = textOf(bytes, piece, notes);
  const value = parseAt(text, line);
  if (!isJsonObject(value)) throw problemAt(line, 'a JSON value that is not an object');
  const found = signalOfRequest(value);
  if (found !== undefined) records.addRequest(transcode(signal, found, text, line));
  else if (signal === 'logs' || Object.keys(value).length === 0) records.add(value, line);
  else throw problemAt(line, `a JSON object that is not an OTLP request of ${signal}`);
}
