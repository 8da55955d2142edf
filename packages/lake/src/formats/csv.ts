import { isUtf8 } from 'node:buffer';
import { messageOf } from '@lakewright/core';
import { CsvError, parse } from 'csv-parse/sync';
import type { FormatLimits } from './limits.ts';
import type { LogRecords } from './log-records.ts';
import type { Notes } from './notes.ts';
import { type FormatProblem, problemAt } from './problem.ts';
import { REPAIRED } from './text.ts';

const QUOTE = 0x22;
const FEED = 0x0a;
const RETURN = 0x0d;

/**
 * Reads CSV (RFC 4180, delimiter `,`, LF or CR LF) whose first row names the columns. Every value is text;
 * an empty field is absent. Throws FormatProblem for a row of another length, a quote out of place, a row
 * longer than maxLineBytes, and a header that names a column twice.
 */
export function readCsv(bytes: Uint8Array, records: LogRecords, limits: FormatLimits, notes: Notes): void {
  if (!isUtf8(bytes)) notes.add(REPAIRED, 'the file');
  let columns: string[] | undefined;
  const onRecord = (row: string[], line: number): void => {
    if (columns === undefined) columns = headerOf(row, line);
    else records.add(recordOf(columns, row), line);
  };
  const tooLong = longRow(bytes, limits.maxLineBytes);
  try {
    // What is wrong before the long row is told first.
    parse(Buffer.from(bytes.buffer, bytes.byteOffset, tooLong?.start ?? bytes.byteLength), {
      bom: true,
      delimiter: ',',
      record_delimiter: ['\r\n', '\n'],
      skip_empty_lines: true,
      // Rows are taken as they come and not kept: the file may be long.
      on_record: (row: string[], context) => {
        onRecord(row, context.lines);
        return null;
      },
    });
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(error) : error;
  }
  if (tooLong !== undefined) {
    const limit = `maxLineBytes (${limits.maxLineBytes} bytes)`;
    throw problemAt(tooLong.line, `a row longer than ${limit}, or a quote that is not closed`);
  }
}

/**
 * The first row longer than `limit` bytes. csv-parse's own limit counts neither delimiters nor empty
 * fields, of which a row may hold millions.
 */
function longRow(bytes: Uint8Array, limit: number): { start: number; line: number } | undefined {
  let start = 0;
  let line = 1;
  let feeds = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === FEED) {
      feeds++;
      if (!quoted) {
        start = at + 1;
        line += feeds;
        feeds = 0;
        continue;
      }
    }
    if (at - start >= limit && byte !== RETURN) return { start, line };
  }
  return undefined;
}

function headerOf(row: readonly string[], line: number): string[] {
  const columns = row.map((name, index) => name.trim() || `column_${index + 1}`);
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index);
  if (repeated === undefined) return columns;
  throw problemAt(line, `two columns have the name ${JSON.stringify(repeated)}`);
}

function recordOf(columns: readonly string[], row: readonly string[]): Record<string, string> {
  const record: Record<string, string> = Object.create(null);
  for (const [index, name] of columns.entries()) {
    if (row[index] !== '') record[name] = row[index];
  }
  return record;
}

/** csv-parse's own messages quote the fields; these say where and no more. */
function csvProblem(error: CsvError): FormatProblem {
  const line = typeof error.lines === 'number' ? error.lines : 1;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return problemAt(line, 'a row with another number of fields than the header');
    case 'CSV_QUOTE_NOT_CLOSED':
      return problemAt(line, 'a quoted field is not closed');
    case 'INVALID_OPENING_QUOTE':
      return problemAt(line, 'a quote inside a field that is not quoted');
    case 'CSV_INVALID_CLOSING_QUOTE':
      return problemAt(line, 'something follows the closing quote of a field');
    default:
      return problemAt(line, `not valid CSV (${error.code})`, messageOf(error));
  }
}
