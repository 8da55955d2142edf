import { describe, expect, it } from 'vitest';
import { humanDuration, sqlString } from './format.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const terminal = (columns: number | undefined): Terminal => ({
  out() {},
  err() {},
  columns,
  color: false,
  progress: false,
});

describe('renderTable', () => {
  const columns = [{ title: 'NAME' }, { title: 'N', align: 'right' as const }, { title: 'TEXT' }];
  const rows = [
    ['a', '1', 'x'.repeat(60)],
    ['bb', '22', 'y'],
  ];

  it('cuts the widest column so that lines fit the terminal', () => {
    const lines = renderTable(terminal(40), columns, rows).trimEnd().split('\n');
    expect(lines[1]).toHaveLength(40);
    expect(lines[1].endsWith('x…')).toBe(true);
    expect(lines[2]).toBe('bb    22  y');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  it('cuts nothing when no terminal reads', () => {
    expect(renderTable(terminal(undefined), columns, rows)).toContain('x'.repeat(60));
  });

  it('prints titles alone for no rows', () => {
    expect(renderTable(terminal(80), columns, [])).toBe('NAME  N  TEXT\n');
  });
});

describe('humanDuration', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1m 0s'],
    [119_600, '2m 0s'],
    [200_000, '3m 20s'],
  ])('%d ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

describe('sqlString', () => {
  it.each([
    ['cart', "'cart'"],
    ["o'cart", "'o''cart'"],
    ["'; drop table x; --", "'''; drop table x; --'"],
    ['a\\', "'a\\'"],
  ])('quotes %j', (text, literal) => {
    expect(sqlString(text)).toBe(literal);
  });

  it('refuses NUL', () => {
    expect(() => sqlString('a\0')).toThrow(RangeError);
  });
});
