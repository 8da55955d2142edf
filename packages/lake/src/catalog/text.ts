/**
 * Text as PostgreSQL can hold it: it has no NUL and no lone surrogates. Both become U+FFFD, when stored and
 * when asked for, so that looking something up finds a superset of what is meant.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** JSON for a `jsonb_to_recordset` parameter: bigints as strings, which PostgreSQL reads as numbers. */
export function recordset(rows: readonly object[]): string {
  return JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
}
