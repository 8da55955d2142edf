import { TABLE_NAMES, type TableName } from '@lakewright/lake';
import { ForbiddenQueryError, QueryError } from '../errors.ts';
import { type ExactJson, type ExactObject, isObject } from './exact-json.ts';
import type { FunctionPolicy, FunctionVerdict } from './functions.ts';
import { boundableRelations } from './relations.ts';

/** One place where a query reads a table of the lake. */
export interface TableReference {
  readonly table: TableName;
  /** The name under which its columns can be qualified, lower case. */
  readonly alias: string;
  /** The SELECT whose WHERE bounds the rows of this reference, when one surely does. */
  readonly boundedBy?: ExactObject;
  /** Whether that SELECT reads nothing else, so that a bare column name means this table's. */
  readonly alone: boolean;
  /** Whether it is asked which columns there are (DESCRIBE), and nothing of the rows. */
  readonly described?: boolean;
}

export interface VettedQuery {
  readonly references: readonly TableReference[];
  /** It asks which tables there are (SHOW TABLES). */
  readonly listsTables: boolean;
}

/** Names of common table expressions that are visible at a place, lower case. */
type Scope = ReadonlySet<string>;

const EXPRESSIONS = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'WINDOW',
]);

const PLAIN_PARTS = new Set([
  'ASCENDING',
  'DESCENDING',
  'DISTINCT_MODIFIER',
  'EMPTY',
  'EXPRESSION_LIST',
  'JOIN',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'ORDER_DEFAULT',
  'ORDER_MODIFIER',
  'PIVOT',
  'SUBQUERY',
]);

const QUERY_NODES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE']);

/**
 * Walks the syntax tree of a query and lets through only what is known: every part, function and table is
 * on a list of what is allowed. Throws ForbiddenQueryError for the rest, QueryError for names that do not
 * exist. `positionOf` turns a byte offset of the tree into a position in the asker's text.
 */
export function vetQuery(
  root: ExactObject,
  functions: FunctionPolicy,
  positionOf: (byteOffset: number | undefined) => number | undefined,
): VettedQuery {
  const vetting = new Vetting(functions, positionOf);
  vetting.visit(root, new Set());
  return vetting;
}

class Vetting implements VettedQuery {
  readonly references: TableReference[] = [];
  listsTables = false;
  readonly #functions: FunctionPolicy;
  readonly #positionOf: (byteOffset: number | undefined) => number | undefined;
  readonly #bounding = new Map<ExactObject, { readonly select: ExactObject; readonly alone: boolean }>();

  constructor(functions: FunctionPolicy, positionOf: (byteOffset: number | undefined) => number | undefined) {
    this.#functions = functions;
    this.#positionOf = positionOf;
  }

  visit(value: ExactJson | undefined, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const each of value) this.visit(each, scope);
    } else if (isObject(value)) {
      this.#visitPart(value, scope);
    }
  }

  #visitPart(part: ExactObject, scope: Scope): void {
    const { type } = part;
    if (typeof part.class === 'string') this.#visitExpression(part, scope);
    else if (typeof type !== 'string') this.#visitMembers(part, scope);
    else if (QUERY_NODES.has(type)) this.#visitQueryNode(part, scope);
    else if (type === 'BASE_TABLE') this.#visitTable(part, scope);
    else if (type === 'TABLE_FUNCTION') this.#visitTableFunction(part, scope);
    else if (type === 'SHOW_REF') this.#visitShow(part, scope);
    else if (PLAIN_PARTS.has(type) || type.endsWith('_TYPE_INFO')) this.#visitMembers(part, scope);
    else throw new ForbiddenQueryError(`${type} is not supported in a query`, this.#at(part));
  }

  #visitMembers(part: ExactObject, scope: Scope): void {
    for (const member of Object.values(part)) this.visit(member, scope);
  }

  #visitQueryNode(node: ExactObject, outer: Scope): void {
    for (const [relation, alone] of boundableRelations(node)) {
      this.#bounding.set(relation, { select: node, alone });
    }
    const scope = new Set(outer);
    if (node.type === 'RECURSIVE_CTE_NODE') scope.add(lower(node.cte_name));
    // Each common table expression sees those before it, and not itself unless it is recursive.
    for (const [name, definition] of commonTables(node)) {
      this.visit(definition, scope);
      scope.add(name);
    }
    const { cte_map: _visited, ...rest } = node;
    this.#visitMembers(rest, scope);
  }

  #visitExpression(part: ExactObject, scope: Scope): void {
    if (part.class === 'PARAMETER') {
      throw new QueryError('parameters are not supported; write the value', this.#at(part));
    }
    if (!EXPRESSIONS.has(String(part.class))) {
      throw new ForbiddenQueryError(`${part.class} is not supported in a query`, this.#at(part));
    }
    if (typeof part.function_name === 'string') {
      this.#checkName(this.#functions.scalar(part.function_name), 'function', part.function_name, part);
    }
    this.#visitMembers(part, scope);
  }

  #visitTableFunction(part: ExactObject, scope: Scope): void {
    const call = part.function;
    if (!isObject(call) || typeof call.function_name !== 'string') {
      throw new ForbiddenQueryError('this table function is not supported', this.#at(part));
    }
    this.#checkName(this.#functions.table(call.function_name), 'table function', call.function_name, part);
    this.#visitMembers(call, scope);
    this.visit(part.sample, scope);
  }

  #checkName(verdict: FunctionVerdict, what: string, name: string, part: ExactObject): void {
    if (verdict === 'denied') {
      throw new ForbiddenQueryError(`the ${what} ${JSON.stringify(name)} may not be used`, this.#at(part));
    }
    if (verdict === 'unknown') {
      throw new QueryError(`there is no ${what} ${JSON.stringify(name)}`, this.#at(part));
    }
  }

  #visitTable(part: ExactObject, scope: Scope): void {
    if (isObject(part.at_clause)) throw new ForbiddenQueryError('AT is not supported', this.#at(part));
    this.visit(part.sample, scope);
    const name = lower(part.table_name);
    const qualified = Boolean(part.schema_name) || Boolean(part.catalog_name);
    if (!qualified && scope.has(name)) return;
    if (qualified || !isTable(name)) {
      const shown = [part.catalog_name, part.schema_name, part.table_name].filter(Boolean).join('.');
      const isPlainName = !qualified && /^\w+$/.test(name);
      throw new (isPlainName ? QueryError : ForbiddenQueryError)(
        `there is no table ${JSON.stringify(shown)}`,
        {
          ...this.#at(part),
          hint: `the tables are ${TABLE_NAMES.join(', ')}`,
        },
      );
    }
    const bounding = this.#bounding.get(part);
    const alias = part.alias ? lower(part.alias) : name;
    this.references.push({
      table: name,
      alias,
      boundedBy: bounding?.select,
      alone: bounding?.alone ?? false,
    });
  }

  #visitShow(part: ExactObject, scope: Scope): void {
    if (isObject(part.query)) {
      const before = this.references.length;
      this.visit(part.query, scope);
      if (part.show_type !== 'DESCRIBE') return;
      const described = this.references.splice(before);
      this.references.push(...described.map((reference) => ({ ...reference, described: true })));
    } else if (part.table_name === '"tables"') {
      this.listsTables = true;
    } else {
      throw new ForbiddenQueryError('this SHOW is not supported', {
        ...this.#at(part),
        hint: 'use SHOW TABLES or DESCRIBE logs',
      });
    }
  }

  #at(part: ExactObject): { position: number | undefined } {
    const { query_location: offset } = part;
    return { position: this.#positionOf(typeof offset === 'number' ? offset : undefined) };
  }
}

const lower = (value: ExactJson | undefined): string => String(value ?? '').toLowerCase();

const isTable = (name: string): name is TableName => (TABLE_NAMES as readonly string[]).includes(name);

function commonTables(node: ExactObject): [string, ExactJson][] {
  const map = isObject(node.cte_map) ? node.cte_map.map : undefined;
  if (!Array.isArray(map)) return [];
  return map.filter(isObject).map((entry) => [lower(entry.key), entry.value]);
}
