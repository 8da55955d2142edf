import { storedColumns, TABLE_NAMES, TABLES, type TableName } from '@lakewright/lake';
import { type ExactJson, type ExactObject, isObject } from './exact-json.ts';
import type { TableReference } from './vet.ts';

/**
 * Of each table that a query reads, the stored columns that it may need; undefined for all of them. It errs on
 * the side of more: whatever text of the query is a column's name counts as the column, and where rows are meant
 * as wholes (a star, a natural join, a pivot, a table as a value) or columns go by other names, so do all.
 */
export function neededColumns(
  query: ExactJson,
  references: readonly TableReference[],
): Map<TableName, ReadonlySet<string> | undefined> {
  const walk = new Walk(new Set(references.map(({ alias }) => alias)));
  walk.visit(query, undefined);
  return new Map(
    references.map(({ table }) => [table, walk.readsRows ? undefined : storedFor(table, walk.names)]),
  );
}

/** The stored columns behind those columns of `table` that are among `names`. */
function storedFor(table: TableName, names: ReadonlySet<string>): ReadonlySet<string> {
  const meant = TABLES[table].filter(({ name }) => names.has(name));
  const words = new Set(meant.flatMap(({ name, derived }) => derived?.match(/\w+/g) ?? [name]));
  return new Set(storedColumns(table).flatMap(({ name }) => (words.has(name) ? [name] : [])));
}

const TABLE_WORDS: ReadonlySet<string> = new Set(TABLE_NAMES);

class Walk {
  /** Every text of the query that could be a column's name, in lower case. */
  readonly names = new Set<string>();
  /** Whole rows of a table may be needed. */
  readsRows = false;
  readonly #aliases: ReadonlySet<string>;

  constructor(aliases: ReadonlySet<string>) {
    this.#aliases = aliases;
  }

  /** `select` is the SELECT whose part `value` is. */
  visit(value: ExactJson | undefined, select: ExactObject | undefined): void {
    if (typeof value === 'string') this.names.add(value.toLowerCase());
    else if (Array.isArray(value)) for (const each of value) this.visit(each, select);
    else if (isObject(value)) this.#visitPart(value, select);
  }

  #visitPart(part: ExactObject, select: ExactObject | undefined): void {
    // What a table's columns are is asked, not what is in them.
    if (part.type === 'SHOW_REF' && part.show_type === 'DESCRIBE') return;
    if (this.#readsRows(part, select)) this.readsRows = true;
    const within = part.type === 'SELECT_NODE' ? part : select;
    for (const member of Object.values(part)) this.visit(member, within);
  }

  #readsRows(part: ExactObject, select: ExactObject | undefined): boolean {
    if (part.type === 'PIVOT' || part.ref_type === 'NATURAL' || part.class === 'POSITIONAL_REFERENCE')
      return true;
    if (part.type === 'BASE_TABLE')
      return Array.isArray(part.column_name_alias) && part.column_name_alias.length > 0;
    if (part.class === 'STAR') {
      return Boolean(part.relation_name) || select === undefined || readsTable(select.from_table);
    }
    // The name of a table, as a value, is its row.
    const names = part.class === 'COLUMN_REF' ? part.column_names : undefined;
    return Array.isArray(names) && this.#aliases.has(String(names.at(-1)).toLowerCase());
  }
}

/** Whether a FROM reads a table of the lake itself; what subqueries read is theirs to say. */
function readsTable(from: ExactJson | undefined): boolean {
  if (!isObject(from)) return false;
  if (from.type === 'JOIN') return readsTable(from.left) || readsTable(from.right);
  return from.type === 'BASE_TABLE' && TABLE_WORDS.has(String(from.table_name).toLowerCase());
}
