import type { ResultChunk, SqlResult } from '../sql/result.ts';
import { errorBody } from './error-body.ts';
import { toJson, toText } from './values.ts';

/** `{"columns": [...], "rows": [[...]], "stats": {...}}`, rows as they are read. */
export async function* jsonAnswer(result: SqlResult): AsyncGenerator<string> {
  const columns = result.columns.map(({ name, type }) => ({ name, type }));
  yield `{"columns":${JSON.stringify(columns)},"rows":[`;
  let separator = '';
  for await (const chunk of result.chunks()) {
    const rows = rowsOf(result, chunk, (values) => JSON.stringify(values.map(toJson)));
    yield separator + rows.join(',\n');
    separator = ',\n';
  }
  yield `],"stats":${JSON.stringify(result.stats)}}\n`;
}

/**
 * One object a row. An answer that fails half-way ends with the line `{"error": {"code": ...}}` and then has
 * fewer rows than its `lakewright-rows` header says.
 */
export async function* ndjsonAnswer(result: SqlResult): AsyncGenerator<string> {
  const names = result.columns.map(({ name }) => name);
  try {
    for await (const chunk of result.chunks()) {
      const rows = rowsOf(result, chunk, (values) =>
        JSON.stringify(Object.fromEntries(values.map((value, i) => [names[i], toJson(value)]))),
      );
      yield `${rows.join('\n')}\n`;
    }
  } catch (error) {
    yield `${JSON.stringify(errorBody(error))}\n`;
  }
}

/** RFC 4180: a header, then the rows; NULL is empty, the empty string is `""`. */
export async function* csvAnswer(result: SqlResult): AsyncGenerator<string> {
  yield `${csvRecord(result.columns.map(({ name }) => name))}\r\n`;
  for await (const chunk of result.chunks()) {
    const rows = rowsOf(result, chunk, (values) => csvRecord(values.map(toText)));
    yield `${rows.join('\r\n')}\r\n`;
  }
}

/** One record of RFC 4180 without its line break; null is empty, the empty string is `""`. */
export function csvRecord(fields: readonly (string | null)[]): string {
  return fields.map(csvField).join(',');
}

function csvField(text: string | null): string {
  if (text === null) return '';
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

type Values = ReturnType<ResultChunk['column']>;

function rowsOf(result: SqlResult, chunk: ResultChunk, write: (values: Values) => string): string[] {
  const columns = result.columns.map((_column, i) => chunk.column(i));
  return Array.from({ length: chunk.rowCount }, (_, row) => write(columns.map((values) => values[row])));
}
