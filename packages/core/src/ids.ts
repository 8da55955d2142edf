import { monotonicFactory } from 'ulid';

/** Makes ULIDs that sort in the order in which one process made them. */
export function ulidSource(): (nowMs: number) => string {
  const next = monotonicFactory();
  return (nowMs) => next(nowMs);
}

const ENCODING = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The milliseconds since the epoch that a ULID carries in its first ten characters, or undefined. */
export function ulidTime(text: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) return undefined;
  let ms = 0;
  for (let i = 0; i < 10; i++) ms = ms * 32 + ENCODING.indexOf(text[i]);
  return ms;
}
