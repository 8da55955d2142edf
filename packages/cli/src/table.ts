import { printable, styled, type Terminal } from './terminal.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = 2;
/** A column is not cut below this, however narrow the terminal. */
const NARROWEST = 6;

/**
 * Rows under their titles, in columns. On a terminal the widest columns give way until a line fits; without
 * one nothing is cut.
 */
export function renderTable(
  terminal: Terminal,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const clean = rows.map((row) => row.map(printable));
  const titles = columns.map(({ title }) => printable(title));
  const natural = titles.map((title, i) =>
    clean.reduce((most, row) => Math.max(most, row[i].length), title.length),
  );
  const widths = terminal.columns === undefined ? natural : fit(natural, terminal.columns);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => place(cell, widths[i], columns[i].align ?? 'left', i === cells.length - 1))
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = [styled(terminal, 'bold', line(titles)), ...clean.map(line)];
  return `${lines.join('\n')}\n`;
}

/** Widths that together fit `columns`, taken from the widest first. */
function fit(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - columns;
  while (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= NARROWEST) break;
    widths[widest]--;
    over--;
  }
  return widths;
}

function place(cell: string, width: number, align: 'left' | 'right', last: boolean): string {
  if (cell.length > width) return `${cell.slice(0, width - 1)}…`;
  if (align === 'right') return cell.padStart(width);
  return last ? cell : cell.padEnd(width);
}
