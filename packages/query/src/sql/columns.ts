import { storedColumns, TABLES, type TableName } from '@lakewright/lake';
import { constant } from '../workers/conditions.ts';
import { type ExactJson, type ExactObject, isObject } from './exact-json.ts';
import type { TableReference } from './vet.ts';

/** One key of a map column. */
export interface MapKey {
  readonly column: string;
  readonly key: string;
}

/** The columns of one table that a query can touch. */
export interface NeededColumns {
  /** As the query may name them, in the table's order. */
  readonly named: readonly string[];
  /** What must be in a file for that: derived columns as the stored ones that they are made of. */
  readonly stored: readonly string[];
  /** Map columns of which the query looks at these keys only, and which are not in `stored`. */
  readonly keys: readonly MapKey[];
}

/**
 * For each table, the columns that a query can touch: those whose names occur anywhere in it, and all of
 * them where the query asks for rows as a whole (`*`, a table's own name as a value, natural joins, renamed
 * columns, PIVOT). Of a table that is only described, columns are named and none is stored.
 */
export function neededColumns(
  root: ExactObject,
  references: readonly TableReference[],
): Map<TableName, NeededColumns> {
  const walk = new Walk();
  walk.visit(root, undefined);
  const found = new Map<TableName, NeededColumns>();
  for (const { table } of references) {
    const of = references.filter((other) => other.table === table);
    const aliases = of.map(({ alias }) => alias);
    const whole =
      walk.everything || [table, ...aliases].some((name) => walk.whole.has(name) || walk.last.has(name));
    const described = of.some((reference) => reference.described);
    if (of.every((reference) => reference.described)) found.set(table, { ...allOf(table), stored: [] });
    else found.set(table, whole || described ? allOf(table) : someOf(table, walk));
  }
  return found;
}

/** The stored columns of a file that are read for it. */
export function columnsRead(needed: Pick<NeededColumns, 'stored' | 'keys'> | undefined): ReadonlySet<string> {
  return new Set([...(needed?.stored ?? []), ...(needed?.keys ?? []).map(({ column }) => column)]);
}

function allOf(table: TableName): NeededColumns {
  const columns = TABLES[table];
  return {
    named: columns.map(({ name }) => name),
    stored: storedColumns(table).map(({ name }) => name),
    keys: [],
  };
}

function someOf(table: TableName, { names, keys }: Walk): NeededColumns {
  const columns = TABLES[table];
  const byKey = new Map(
    columns
      .filter(({ name, type }) => type.startsWith('MAP') && !names.has(name) && areFieldNames(keys.get(name)))
      .map(({ name }) => [name, [...(keys.get(name) ?? [])]]),
  );
  const named = columns.filter(({ name }) => names.has(name) || keys.has(name));
  const sources = new Set(named.flatMap(({ derived }) => derived?.match(/\w+/g) ?? []));
  const stored = columns.filter(
    (column) =>
      column.derived === undefined &&
      !byKey.has(column.name) &&
      (named.includes(column) || sources.has(column.name)),
  );
  return {
    named: named.map(({ name }) => name),
    stored: stored.map(({ name }) => name),
    keys: [...byKey].flatMap(([column, each]) => each.map((key) => ({ column, key }))),
  };
}

/** Whether keys can be fields of a STRUCT, whose names are not empty and do not differ in their case alone. */
function areFieldNames(keys: ReadonlySet<string> | undefined): boolean {
  if (keys === undefined || keys.has('')) return false;
  // What upper and lower case are is a matter of opinion outside of ASCII.
  if (![...keys].every((key) => /^[ -~]+$/.test(key))) return false;
  return new Set([...keys].map((key) => key.toLowerCase())).size === keys.size;
}

/** Relations of a FROM whose columns only its own SELECT, or a join of it, can name. */
const JOINED = new Set(['BASE_TABLE', 'JOIN', 'SUBQUERY', 'EMPTY', 'TABLE_FUNCTION', 'EXPRESSION_LIST']);

class Walk {
  /** Every name that stands where a column may. */
  readonly names = new Set<string>();
  /** Keys of what is only looked at by key, by the name of the column: `log_attributes['a']`. */
  readonly keys = new Map<string, Set<string>>();
  /** Those of `names` that end a reference: `logs` in `to_json(logs)`. */
  readonly last = new Set<string>();
  /** Names and aliases of tables that are asked for as a whole. */
  readonly whole = new Set<string>();
  /** Something is in the query of which it is not known what it touches. */
  everything = false;

  /** `from` is the FROM of the SELECT that `value` is part of. */
  visit(value: ExactJson | undefined, from: ExactJson | undefined): void {
    if (Array.isArray(value)) for (const each of value) this.visit(each, from);
    else if (isObject(value)) this.#visitPart(value, from);
  }

  #visitPart(part: ExactObject, from: ExactJson | undefined): void {
    if (part.type === 'SELECT_NODE') {
      for (const member of Object.values(part)) this.visit(member, part.from_table);
      return;
    }
    if (this.#visitKey(part)) return;
    // What a table's columns are is asked, not what is in them.
    if (part.type === 'SHOW_REF' && part.show_type === 'DESCRIBE') return;
    if (part.type === 'SHOW_REF' || part.type === 'PIVOT') this.everything = true;
    if (part.class === 'STAR' || part.class === 'POSITIONAL_REFERENCE') this.#wholeRows(from);
    if (part.class === 'STAR') this.whole.add(String(part.relation_name).toLowerCase());
    if (part.class === 'COLUMN_REF') this.#addNames(part.column_names, true);
    if (part.type === 'JOIN') this.#visitJoin(part);
    if (
      part.type === 'BASE_TABLE' &&
      Array.isArray(part.column_name_alias) &&
      part.column_name_alias.length > 0
    ) {
      this.#wholeRows(part);
    }
    for (const member of Object.values(part)) this.visit(member, from);
  }

  /** Whether `part` is a column's value of one constant key, and so nothing else of the column. */
  #visitKey(part: ExactObject): boolean {
    if (part.type !== 'ARRAY_EXTRACT' || !Array.isArray(part.children) || part.children.length !== 2)
      return false;
    const [of, key] = part.children;
    if (!isObject(of) || of.class !== 'COLUMN_REF' || !Array.isArray(of.column_names)) return false;
    const text = constant(key, 'text');
    if (typeof text !== 'string' || of.column_names.length > 2) return false;
    const [name, ...qualifiers] = of.column_names.map((each) => String(each).toLowerCase()).reverse();
    for (const each of qualifiers) this.names.add(each);
    this.last.add(name);
    const known = this.keys.get(name);
    if (known === undefined) this.keys.set(name, new Set([text]));
    else known.add(text);
    return true;
  }

  #visitJoin(join: ExactObject): void {
    if (join.ref_type === 'NATURAL') this.#wholeRows(join);
    this.#addNames(join.using_columns, false);
  }

  #addNames(names: ExactJson | undefined, endsReference: boolean): void {
    const lower = (Array.isArray(names) ? names : []).map((name) => String(name).toLowerCase());
    for (const name of lower) this.names.add(name);
    if (endsReference && lower.length > 0) this.last.add(lower[lower.length - 1]);
  }

  #wholeRows(from: ExactJson | undefined): void {
    if (!isObject(from)) return;
    if (!JOINED.has(String(from.type))) this.everything = true;
    if (from.type === 'BASE_TABLE') {
      this.whole.add(String(from.table_name).toLowerCase());
    } else if (from.type === 'JOIN') {
      this.#wholeRows(from.left);
      this.#wholeRows(from.right);
    }
  }
}
