/** A SQL string literal. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A SQL identifier, whatever it is called. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Where the first statement of `sql` ends: the index of its `;`, or the text's length. Semicolons in
 * strings, quoted names, dollar quotes and comments do not count.
 */
export function statementEnd(sql: string): number {
  let at = 0;
  while (at < sql.length) {
    if (sql[at] === ';') return at;
    at = skipToken(sql, at);
  }
  return sql.length;
}

function skipToken(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === '--') return endOr(sql, sql.indexOf('\n', at), 1);
  if (two === '/*') return skipBlockComment(sql, at);
  if (/^[eE]'$/.test(two) && !isWordBefore(sql, at)) return skipEscapedString(sql, at + 2);
  if (sql[at] === "'" || sql[at] === '"') return endOr(sql, sql.indexOf(sql[at], at + 1), 1);
  if (sql[at] === '$' && !isWordBefore(sql, at)) return skipDollarQuote(sql, at);
  return at + 1;
}

const isWordBefore = (sql: string, at: number): boolean => at > 0 && /[\p{L}\p{N}_$]/u.test(sql[at - 1]);

const endOr = (sql: string, found: number, length: number): number =>
  found < 0 ? sql.length : found + length;

function skipBlockComment(sql: string, from: number): number {
  let depth = 1;
  let at = from + 2;
  while (at < sql.length && depth > 0) {
    const two = sql.slice(at, at + 2);
    if (two === '/*') depth++;
    if (two === '*/') depth--;
    at += two === '/*' || two === '*/' ? 2 : 1;
  }
  return at;
}

function skipEscapedString(sql: string, from: number): number {
  for (let at = from; at < sql.length; at++) {
    if (sql[at] === '\\') at++;
    else if (sql[at] === "'") return at + 1;
  }
  return sql.length;
}

function skipDollarQuote(sql: string, at: number): number {
  const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(sql.slice(at, at + 128))?.[0];
  if (tag === undefined) return at + 1;
  return endOr(sql, sql.indexOf(tag, at + tag.length), tag.length);
}

/** The character index that `bytes` of UTF-8 reach in `text`. */
export function characterAt(text: string, bytes: number): number {
  return Buffer.from(text, 'utf8').subarray(0, bytes).toString('utf8').length;
}

/** The line that holds `position`, with a caret under it, as DuckDB shows where an error is. */
export function pointAt(text: string, position: number): string {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const start = before.lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', start);
  const label = `LINE ${line}: `;
  const shown = text.slice(start, end < 0 ? undefined : end).replaceAll('\t', ' ');
  return `${label}${shown}\n${' '.repeat(label.length + position - start)}^`;
}
