import type { Estimate, EstimateLine } from '@lakewright/deploy';
import { renderTable } from '../../table.ts';
import { styled, type Terminal } from '../../terminal.ts';

const COLUMNS = [{ title: 'resource' }, { title: 'what' }, { title: 'USD a month', align: 'right' }] as const;

/** An estimate for people: a table for each stack, the sum, and what the prices are. */
export function estimateText(terminal: Terminal, { lines, monthlyUsd, notes }: Estimate): string {
  const stacks = [...new Set(lines.map(({ stack }) => stack))];
  const tables = stacks.map((stack) => {
    const own = lines.filter((line) => line.stack === stack);
    const table = renderTable(terminal, COLUMNS, rowsOf(own)).replace(/^(?=.)/gm, '  ');
    return `${styled(terminal, 'bold', stack)}: ${sumOf(own).toFixed(2)}\n${table}`;
  });
  const unknown = lines.filter(({ kind }) => kind === 'unknown').length;
  const rest = unknown === 0 ? '' : `, and ${unknown} parts whose price is not known here`;
  const total = `${monthlyUsd.toFixed(2)} USD a month, and what is paid for by use${rest}`;
  return `${tables.join('\n')}\n${styled(terminal, 'bold', 'All of it')}: ${total}.\n${notes.join('\n')}\n`;
}

/** What has a price first; what is paid for by use is one row for all of a kind. */
function rowsOf(lines: readonly EstimateLine[]): string[][] {
  const priced = lines.filter(({ kind }) => kind === 'fixed');
  const others = Map.groupBy(
    lines.filter(({ kind }) => kind !== 'fixed'),
    ({ what, kind }) => `${kind} ${what}`,
  );
  return [
    ...priced.map(({ resource, what, monthlyUsd = 0 }) => [resource, what, monthlyUsd.toFixed(2)]),
    ...[...others.values()].map((all) => {
      const [{ resource, what, kind }] = all;
      const names = all.length === 1 ? resource : `${resource} and ${all.length - 1} more`;
      return [names, what, kind === 'usage' ? 'by use' : 'unknown'];
    }),
  ];
}

function sumOf(lines: readonly EstimateLine[]): number {
  return lines.reduce((cents, { monthlyUsd = 0 }) => cents + Math.round(monthlyUsd * 100), 0) / 100;
}
