import { BadInputError } from './errors.ts';

/** Throws BadInputError unless `start` up to `end` is a part of `key`'s `size` bytes, and not an empty one. */
export function checkRange(
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
  size = Number.MAX_SAFE_INTEGER,
): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && start >= 0 && start < end && end <= size) return;
  const of = size === Number.MAX_SAFE_INTEGER ? '' : `, which has ${size}`;
  throw new BadInputError(`there are no bytes ${start} to ${end} in ${key}${of}`);
}
