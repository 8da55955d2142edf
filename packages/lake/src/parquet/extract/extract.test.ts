import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { demoLogs } from '../../../test/demo-segments.ts';
import {
  footerLength,
  keptGroups,
  mergeSegments,
  planExtract,
  readLayout,
  type Selection,
  storedColumns,
} from '../../index.ts';

/** A merged file of the demo's eight services with some row groups. */
function mergedFile(): Uint8Array {
  const inputs = demoLogs(3, 14_000);
  const sources = inputs.map(({ key, rows, parquet }) => {
    const read = (offset: number, length: number) => parquet.slice(offset, offset + length);
    return { key, rows, source: { size: parquet.length, read } };
  });
  return Uint8Array.from(Buffer.concat(mergeSegments('logs', sources)));
}

const file = mergedFile();
const layoutOf = (bytes: Uint8Array) =>
  readLayout(bytes.slice(-footerLength(bytes, bytes.length)), bytes.length);
const layout = layoutOf(file);
const names = storedColumns('logs').map(({ name }) => name);

function extractOf(bytes: Uint8Array, of: typeof layout, selection: Selection): Uint8Array {
  const { head, copies, end, endAt, bytes: size } = planExtract(of, selection);
  const extract = new Uint8Array(size);
  extract.set(head);
  for (const { start, end: until, at } of copies) extract.set(bytes.subarray(start, until), at);
  extract.set(end, endAt);
  return extract;
}
const read = (bytes: Uint8Array, columns?: string[], rows: { rowStart?: number; rowEnd?: number } = {}) =>
  parquetReadObjects({ file: Uint8Array.from(bytes).buffer, compressors, columns, ...rows });

describe('an extract', () => {
  it('has the rows of its row groups in its columns', async () => {
    expect(layout.groups.length).toBeGreaterThan(2);
    const starts = layout.groups.map((_, i) =>
      layout.groups.slice(0, i).reduce((sum, { rows }) => sum + rows, 0),
    );
    const group = fc.nat({ max: layout.groups.length - 1 });
    await fc.assert(
      fc.asyncProperty(group, fc.subarray(names, { minLength: 1 }), async (number, columns) => {
        const extract = extractOf(file, layout, { groups: [number], columns: new Set(columns) });
        const rowStart = starts[number];
        const rows = { rowStart, rowEnd: rowStart + layout.groups[number].rows };
        expect(await read(extract, columns)).toEqual(await read(file, columns, rows));
      }),
      { numRuns: 10 },
    );
  });

  it('lists the other columns, and whoever reads one fails', async () => {
    const extract = extractOf(file, layout, { groups: [0], columns: new Set(['body']) });
    for (const column of names.filter((name) => name !== 'body')) {
      await expect(read(extract, [column])).rejects.toThrow();
    }
  });

  it('is not made of a footer that was changed, or is made of what it says', () => {
    const start = file.length - layout.footer.length;
    const conditions = { startNs: 1n, endNs: 2n, values: new Map([['service_name', ['cart']]]) };
    fc.assert(
      fc.property(
        fc.integer({ min: start, max: file.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const bytes = file.slice();
          bytes[at] ^= by;
          try {
            const changed = layoutOf(bytes);
            keptGroups(changed, conditions);
            const { copies } = planExtract(changed, {
              groups: [...changed.groups.keys()],
              columns: new Set(names),
            });
            for (const { start: from, end } of copies) expect(from >= 4 && end <= file.length).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 1000, endOnFailure: true },
    );
  });
});

describe('keptGroups', () => {
  const kept = (conditions: Partial<Parameters<typeof keptGroups>[1]>) =>
    keptGroups(layout, { values: new Map(), ...conditions });
  const all = [...layout.groups.keys()];

  it('leaves out groups whose statistics say that they hold nothing wanted', () => {
    expect(kept({})).toEqual(all);
    expect(kept({ values: new Map([['service_name', ['aaa', 'zzz']]]) })).toEqual([]);
    expect(kept({ values: new Map([['service_name', ['cart']]]) }).length).toBeLessThan(all.length);
    expect(kept({ values: new Map([['no_such_column', ['x']]]) })).toEqual(all);
    expect(kept({ endNs: 1_750_000_000_000_000_000n })).toEqual([]);
    expect(kept({ startNs: 1_770_000_000_000_000_000n })).toEqual([]);
    expect(kept({ startNs: 1_750_000_000_000_000_000n, endNs: 1_770_000_000_000_000_000n })).toEqual(all);
  });

  it('keeps every group that holds a wanted row', async () => {
    const rows = await read(file, ['service_name', 'time_unix_nano']);
    const groupOf = layout.groups.flatMap(({ rows: count }, number) => new Array<number>(count).fill(number));
    for (const row of [0, 1, 100, 9000, 20_000, rows.length - 1]) {
      const { service_name, time_unix_nano } = rows[row];
      const time = time_unix_nano as bigint;
      const conditions = {
        startNs: time,
        endNs: time + 1n,
        values: new Map([['service_name', [service_name]]]),
      };
      expect(keptGroups(layout, conditions as Parameters<typeof keptGroups>[1])).toContain(groupOf[row]);
    }
  });
});
