/** Bytes for people: 1.5 MiB. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A count with thousands apart: 1,234,567. */
export function humanCount(count: number | bigint | string): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A duration for people: 350 ms, 12.5 s, 3m 20s. */
export function humanDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.trunc(seconds / 60)}m ${seconds % 60}s`;
}

/** How long ago `ns` was, in one unit. */
export function humanAge(ns: bigint, nowMs: number): string {
  const seconds = Math.max(0, Math.round(nowMs / 1000 - Number(ns / 1_000_000n) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

/** A cell of a query's answer as text: nothing for NULL, JSON for maps and lists. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Whether a column of this DuckDB type reads better right-aligned. */
export function isNumeric(type: string): boolean {
  return /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/i.test(type);
}

/** A string as a SQL literal. NUL cannot be in one: refused by name rather than cut. */
export function sqlString(text: string): string {
  if (text.includes('\0')) throw new RangeError('a SQL string cannot hold a NUL character');
  return `'${text.replaceAll("'", "''")}'`;
}
