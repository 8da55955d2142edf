import type { SqlAnswer } from '../client.ts';
import { printJson } from '../context.ts';
import { cellText, humanCount, isNumeric } from '../format.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** How an answer can be printed. */
export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Prints an answer that is here as a whole. */
export async function printAnswer(terminal: Terminal, answer: SqlAnswer, format: Format): Promise<void> {
  const names = answer.columns.map(({ name }) => name);
  switch (format) {
    case 'table':
      printTable(terminal, answer);
      break;
    case 'json':
      printJson(terminal, answer);
      break;
    case 'ndjson':
      for (const row of answer.rows)
        printJson(terminal, Object.fromEntries(row.map((value, i) => [names[i], value])));
      break;
    case 'csv': {
      const { csvRecord } = await import('@lakewright/query');
      const text = (value: unknown) => (value === null ? null : cellText(value));
      for (const row of [names, ...answer.rows]) terminal.out(`${csvRecord(row.map(text))}\r\n`);
    }
  }
}

function printTable(terminal: Terminal, answer: SqlAnswer): void {
  const columns = answer.columns.map(({ name, type }) => ({
    title: name,
    align: isNumeric(type) ? ('right' as const) : ('left' as const),
  }));
  terminal.out(
    renderTable(
      terminal,
      columns,
      answer.rows.map((row) => row.map(cellText)),
    ),
  );
  const { elapsedMs, truncated } = answer.stats;
  const took = typeof elapsedMs === 'number' ? ` in ${Math.round(elapsedMs)} ms` : '';
  terminal.err(`${humanCount(answer.rows.length)} ${answer.rows.length === 1 ? 'row' : 'rows'}${took}\n`);
  if (truncated === true) terminal.err('there are more rows: raise --limit, or narrow the query\n');
}
