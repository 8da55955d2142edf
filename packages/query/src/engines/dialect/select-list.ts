import { type ExactObject, isObject } from '../../sql/exact-json.ts';
import type { Context } from './context.ts';
import { expression } from './expressions.ts';
import type { OutputColumn, RelationColumn } from './scope.ts';
import type { Typed } from './types.ts';

/** One column of a SELECT list whose stars are written out. */
export interface Item {
  readonly value: Typed;
  /** What the column is called in the translated query. */
  readonly label: string;
  /** Whether the query itself gives it that name. */
  readonly isNamed: boolean;
}

/** The SELECT list, and the meaning of its names for the rest of the query. */
export class SelectList {
  readonly items: readonly Item[];
  /** Names mean columns of the FROM, and else aliases of the list. */
  readonly context: Context;
  readonly #aliased = new Map<string, ExactObject[]>();
  readonly #values = new Map<ExactObject, Typed>();
  readonly #open = new Set<ExactObject>();

  constructor(node: ExactObject, inside: Context) {
    this.context = { ...inside, alias: (name, part) => this.#aliasOf(name, part) };
    const parts = Array.isArray(node.select_list) ? node.select_list.filter(isObject) : [];
    for (const part of parts.filter(({ alias }) => Boolean(alias))) {
      const name = String(part.alias).toLowerCase();
      this.#aliased.set(name, [...(this.#aliased.get(name) ?? []), part]);
    }
    this.items = parts.flatMap((part) => (part.class === 'STAR' ? this.#star(part) : [this.#item(part)]));
  }

  /** The columns as readers of the query see them. A name that two have is nobody's. */
  outputs(checkNames: boolean): OutputColumn[] {
    const labels = this.items.map(({ label }) => label.toLowerCase());
    const twice = this.items.find(({ isNamed }, i) => isNamed && labels.indexOf(labels[i]) !== i);
    if (checkNames && twice !== undefined) {
      throw this.context.refusals.of(
        undefined,
        `the column ${twice.label} twice in a subquery`,
        'give each column of a subquery a name of its own',
      );
    }
    return this.items.map(({ value, label, isNamed }) => ({
      name: isNamed ? label.toLowerCase() : undefined,
      label,
      value,
    }));
  }

  /** The item that an ordinal of GROUP BY or ORDER BY means. */
  ordinal(part: ExactObject): Item | undefined {
    if (part.class !== 'CONSTANT') return undefined;
    const { integer } = expression(part, this.context);
    const item = integer === undefined ? undefined : this.items[Number(integer) - 1];
    if (item === undefined) throw this.context.refusals.of(part, 'a literal in ORDER BY or GROUP BY');
    return item;
  }

  /** An item as GROUP BY and ORDER BY can name it. */
  ordinalOf(item: Item): string {
    return String(this.items.indexOf(item) + 1);
  }

  /** The item whose alias a name is. Throws where a column has the name, too, and is another. */
  named(part: ExactObject): Item | undefined {
    const names = part.class === 'COLUMN_REF' ? part.column_names : undefined;
    if (!Array.isArray(names) || names.length !== 1) return undefined;
    const name = String(names[0]).toLowerCase();
    if (!this.#aliased.has(name)) return undefined;
    const { sql } = expression(part, this.context);
    return this.items.find(({ label, value }) => label.toLowerCase() === name && value.sql === sql);
  }

  #aliasOf(name: string, part: ExactObject): Typed | undefined {
    const [first, ...more] = this.#aliased.get(name) ?? [];
    if (first === undefined || this.#open.has(first)) return undefined;
    if (more.length > 0)
      throw this.context.refusals.of(part, `the name ${name}, which several columns of the SELECT have,`);
    return this.#valueOf(first);
  }

  #valueOf(part: ExactObject): Typed {
    const known = this.#values.get(part);
    if (known !== undefined) return known;
    this.#open.add(part);
    const value = expression(part, this.context);
    this.#open.delete(part);
    this.#values.set(part, value);
    return value;
  }

  #item(part: ExactObject): Item {
    const value = this.#valueOf(part);
    const alias = part.alias ? String(part.alias) : undefined;
    const names = part.class === 'COLUMN_REF' && Array.isArray(part.column_names) ? part.column_names : [];
    const own = names.length === 0 ? undefined : String(names[names.length - 1]).toLowerCase();
    const name = alias ?? own;
    return {
      value,
      label: name ?? this.context.freshName(),
      isNamed: name !== undefined,
    };
  }

  #star(part: ExactObject): Item[] {
    const { relations, refusals } = this.context;
    const lists = [part.exclude_list, part.qualified_exclude_list, part.replace_list, part.rename_list];
    const changed = lists.some((list) => Array.isArray(list) && list.length > 0);
    if (changed || part.columns === true || isObject(part.expr)) {
      throw refusals.of(part, 'EXCLUDE, REPLACE, RENAME or COLUMNS(...)', 'name the columns');
    }
    const wanted = part.relation_name ? String(part.relation_name).toLowerCase() : undefined;
    const found = relations.filter(({ alias }) => wanted === undefined || alias === wanted);
    if (found.length === 0) throw refusals.of(part, 'this star');
    return found.flatMap(({ columns }) => columns.map((column) => this.#starItem(column)));
  }

  #starItem(column: RelationColumn): Item {
    const isNamed = column.name !== '';
    return {
      value: column.expression(),
      label: isNamed ? column.name : this.context.freshName(),
      isNamed,
    };
  }
}
