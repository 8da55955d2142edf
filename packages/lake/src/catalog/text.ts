/**
 * Text as PostgreSQL can hold it: it has no NUL and no lone surrogates. Both become U+FFFD, when stored and
 * when asked for, so that looking something up finds a superset of what is meant.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** A PostgreSQL index entry has 2,704 bytes at most; a UTF-16 unit takes three. */
const MAX_NAME_LENGTH = 500;

/**
 * A service's name as the catalog knows it: storable and cut to 500 UTF-16 units, both when stored and when
 * asked for. The tables hold it whole.
 */
export function catalogName(service: string): string {
  return storable(service.slice(0, MAX_NAME_LENGTH));
}

/** JSON for a `jsonb_to_recordset` parameter: bigints as strings, which PostgreSQL reads as numbers. */
export function recordset(rows: readonly object[]): string {
  return JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
}
