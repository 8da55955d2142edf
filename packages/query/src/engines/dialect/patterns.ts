import type { ExactObject } from '../../sql/exact-json.ts';
import { sqlString } from '../../sql/text.ts';
import type { Refusals } from './refusals.ts';
import type { Typed } from './types.ts';

const CLASSES: Readonly<Record<string, string>> = {
  d: '[0-9]',
  D: '[^0-9]',
  w: '[0-9A-Za-z_]',
  W: '[^0-9A-Za-z_]',
  s: '[\\t\\n\\f\\r ]',
};
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const QUANTIFIER = /^(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??/;
/** A set of characters and ranges, without escapes other than of punctuation, and without sets in it. */
const SET = /^\[\^?(?:\\[!-/:-@[-`{-~]|[^\\[\]&~-])(?:\\[!-/:-@[-`{-~]|[^\\[\]&~-]|-(?=[^\\[\]&~-]))*\]/;

/**
 * A pattern of RE2, which DuckDB has, as one that RE2/J and Joni, which Trino has, take for the same. What they
 * read in different ways is refused: `^` and `$` become the text's own ends, classes their ASCII characters.
 */
export function regexLiteral(pattern: Typed, part: ExactObject, refusals: Refusals): string {
  if (pattern.text === undefined)
    throw refusals.of(part, 'a regular expression that is no literal', 'write it as a literal');
  let rest = pattern.text;
  let translated = '';
  let repeatable = false;
  while (rest !== '') {
    const found = next(rest, repeatable);
    if (found === undefined) {
      throw refusals.of(
        part,
        `${JSON.stringify(rest.slice(0, 8))} in a regular expression`,
        'use literal characters, ., sets, \\d, \\w, \\s, groups, |, *, +, ? and {n,m}',
      );
    }
    const [length, piece, repeats] = found;
    translated += piece;
    repeatable = repeats;
    rest = rest.slice(length);
  }
  return translated;
}

type Piece = readonly [length: number, piece: string, repeatable: boolean];

function next(rest: string, repeatable: boolean): Piece | undefined {
  const quantifier = QUANTIFIER.exec(rest)?.[0];
  if (quantifier !== undefined) return repeatable ? [quantifier.length, quantifier, false] : undefined;
  const [first, second = ''] = rest;
  if (first === '\\') {
    if (CLASSES[second] !== undefined) return [2, CLASSES[second], true];
    return PUNCTUATION.test(second) ? [2, `\\${second}`, true] : undefined;
  }
  if (first === '[') {
    const set = SET.exec(rest)?.[0];
    return set === undefined ? undefined : [set.length, set, true];
  }
  if (first === '^') return [1, '\\A', false];
  if (first === '$') return [1, '\\z', false];
  if (first === '(') {
    if (rest.startsWith('(?:')) return [3, '(?:', false];
    return second === '?' ? undefined : [1, '(', false];
  }
  if (first === ')') return [1, ')', true];
  if (first === '|') return [1, '|', false];
  if (first === '{' || first === '}' || first === ']') return undefined;
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  return [character.length, character, true];
}

export const regexSql = (value: Typed, pattern: string): Typed => ({
  sql: `regexp_like(${value.sql}, ${sqlString(pattern)})`,
  type: 'BOOLEAN',
});
