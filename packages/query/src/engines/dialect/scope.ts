import type { ExactObject } from '../../sql/exact-json.ts';
import { sqlName } from '../../sql/text.ts';
import type { Refusals } from './refusals.ts';
import type { SqlType, Typed } from './types.ts';

/** A column that a relation of the FROM has. */
export interface RelationColumn {
  readonly name: string;
  readonly type: SqlType;
  expression(): Typed;
}

export interface Relation {
  /** The name that qualifies its columns, lower case. */
  readonly alias: string;
  readonly columns: readonly RelationColumn[];
}

/** What a query gives, as those who read it see it. */
export interface OutputColumn {
  /** In lower case; undefined where the query names none: nobody can refer to it. */
  readonly name: string | undefined;
  /** What the column is called in the translated query. */
  readonly label: string;
  readonly value: Typed;
}

/** A relation over the rows of a query. Times are there without their zone, which was UTC. */
export function relationOf(alias: string, columns: readonly OutputColumn[]): Relation {
  return {
    alias,
    columns: columns.map(({ name, label, value }) => ({
      name: name ?? '',
      type: value.type,
      expression: () => ({
        sql: `${sqlName(alias)}.${sqlName(label)}`,
        type: value.type,
        finite: value.finite,
        notNan: value.notNan,
        whole: value.whole,
      }),
    })),
  };
}

/** The column that `names` mean, or undefined where no relation has it. Throws where it is not one alone. */
export function findColumn(
  relations: readonly Relation[],
  names: readonly string[],
  part: ExactObject,
  refusals: Refusals,
): RelationColumn | undefined {
  const [qualifier, name] = names.length === 2 ? names : [undefined, names[0]];
  if (names.length > 2 || name === '') throw refusals.of(part, names.join('.'));
  const found = relations
    .filter(({ alias }) => qualifier === undefined || alias === qualifier)
    .flatMap(({ columns }) => columns.filter((column) => column.name === name));
  if (found.length > 1) throw refusals.of(part, `the name ${name}, which several columns have,`);
  return found[0];
}
