import type { ParquetFile, StringRows, WordRows } from '../../parquet/index.ts';
import type { Column, TableName } from '../../tables.ts';
import { OWN_GROUP_ROWS } from './groups.ts';
import type { Names } from './names.ts';
import type { GroupEnds, KeyGroup } from './order.ts';

/** The columns by which a table is sorted: a text, an identity that is ordered without sign, and the time. */
export interface KeyColumns {
  readonly name: Column;
  readonly id: Column | undefined;
  readonly time: Column;
}

export function keyColumns(table: TableName, columns: readonly Column[]): KeyColumns {
  const named = (name: string) => columns.find((column) => column.name === name) as Column;
  const time = named('time_unix_nano');
  if (table === 'logs') return { name: named('service_name'), id: named('stream_id'), time };
  if (table === 'traces') return { name: named('service_name'), id: undefined, time };
  return { name: named('metric_name'), id: named('series_id'), time };
}

/** The names of a row group: one row of them where all rows have the same. Throws RangeError. */
export function namesIn(file: ParquetFile, { name }: KeyColumns, group: number): StringRows {
  return (oneRow(file, name, group) ?? file.column(name, group)) as StringRows;
}

/** The keys of a row group of a file whose names are among `names`. Throws RangeError. */
export function keyGroup(file: ParquetFile, keys: KeyColumns, group: number, names: Names): KeyGroup {
  return {
    count: file.rowsOf(group),
    ends: endsOf(file, keys, group, names),
    read: () => ({
      ranks: names.ranksOf(file.column(keys.name, group) as StringRows),
      ids: keys.id === undefined ? undefined : (file.column(keys.id, group) as WordRows).words,
      times: (file.column(keys.time, group) as WordRows).words,
    }),
  };
}

/** Where a row group begins and ends, when it could be copied and the file says so without reading its rows. */
function endsOf(
  file: ParquetFile,
  { name, id, time }: KeyColumns,
  group: number,
  names: Names,
): GroupEnds | undefined {
  const nameRow = oneRow(file, name, group);
  const idRow = id === undefined ? undefined : oneRow(file, id, group);
  if (nameRow === undefined || (id !== undefined && idRow === undefined)) return undefined;
  const times = file.bounds(time, group);
  // Times are compared without sign, and a footer's bounds are with it.
  if (times === undefined || (times.min[1] | times.max[1]) >> 31 !== 0) return undefined;
  return {
    rank: names.ranksOf(nameRow as StringRows)[0],
    id: (idRow as WordRows | undefined)?.words,
    first: times.min,
    last: times.max,
  };
}

/** A row with the value that all rows of a row group have, when it is big enough to be copied. */
function oneRow(file: ParquetFile, column: Column, group: number) {
  return file.rowsOf(group) < OWN_GROUP_ROWS ? undefined : file.constant(column, group)?.row;
}
