/**
 * Why an object cannot be read, before the object's name is known to whoever found out: the door of this
 * folder turns it into a BadObjectError.
 */
export class FormatProblem extends Error {}

/** A problem at a line, counted from 1. */
export function problemAt(line: number, what: string, cause?: unknown): FormatProblem {
  return new FormatProblem(`line ${line}: ${what}`, cause === undefined ? undefined : { cause });
}
