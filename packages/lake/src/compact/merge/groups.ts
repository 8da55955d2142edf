import { ROW_GROUP_ROWS } from '../../cook/index.ts';

/** A row group that ends where a name ends has at least so many rows. */
export const MIN_GROUP_ROWS = 8192;

/**
 * How many rows each row group has, when `counts` are the rows of each name, in the order of the file. A name with
 * many rows has row groups of its own, as equal as can be; names with few share one. What asks for one name then
 * reads its rows and fewer than MIN_GROUP_ROWS * 2 others, in place of up to two times ROW_GROUP_ROWS.
 */
export function rowGroups(counts: Iterable<number>): number[] {
  const groups: number[] = [];
  let shared = 0;
  const share = () => {
    if (shared > 0) groups.push(shared);
    shared = 0;
  };
  for (const count of counts) {
    if (count >= MIN_GROUP_ROWS) {
      share();
      groups.push(...parts(count));
    } else {
      shared += count;
      if (shared >= MIN_GROUP_ROWS) share();
    }
  }
  share();
  return groups;
}

function parts(rows: number): number[] {
  const count = Math.ceil(rows / ROW_GROUP_ROWS);
  return Array.from({ length: count }, (_, i) => {
    return Math.floor((rows * (i + 1)) / count) - Math.floor((rows * i) / count);
  });
}
