import { LimitError, messageOf } from '@lakewright/core';
import { BadObjectError, UnmergeableError, UnreadableSegmentError } from '../errors.ts';

/** The errors that keep their class on the way out of a thread; structured cloning makes an Error of them. */
const CLASSES = { BadObjectError, UnmergeableError, UnreadableSegmentError, LimitError };

/** What a job failed with. */
export interface JobFailure {
  /** Its class, and what that names: the object's key, or the limit. */
  readonly named?: { readonly name: keyof typeof CLASSES; readonly subject: string };
  readonly message: string;
}

/** What a thread says of `error`. */
export function failureOf(error: unknown): JobFailure {
  for (const name of Object.keys(CLASSES) as (keyof typeof CLASSES)[]) {
    if (!(error instanceof CLASSES[name])) continue;
    return error instanceof LimitError
      ? { named: { name, subject: error.limit }, message: error.message }
      : { named: { name, subject: error.key }, message: error.reason };
  }
  return { message: messageOf(error) };
}

/** The error that a thread said it of. */
export function errorOf({ named, message }: JobFailure): Error {
  return named === undefined ? new Error(message) : new CLASSES[named.name](named.subject, message);
}
