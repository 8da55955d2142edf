import { BadInputError } from '@lakewright/core';

/** Below this first path part the file store writes what is not yet an object. */
export const TEMPORARY = '.tmp';
/** Below this one it keeps what else is known of objects: see descriptions.ts. */
export const DESCRIPTIONS = '.meta';
/** The first path parts that are the file store's own, and no keys. */
export const RESERVED: ReadonlySet<string> = new Set([TEMPORARY, DESCRIPTIONS]);

/** Bytes of one path part that every common file system takes. */
const MAX_PART_BYTES = 255;
/** Bytes of a whole key: S3's own limit, so that what is stored here can be stored there. */
const MAX_KEY_BYTES = 1024;

/**
 * Checks that `key` names an object inside a store: parts separated by `/`, none of them empty, `.` or
 * `..`, no NUL, 255 bytes a part and 1,024 bytes altogether, not below `.tmp/` or `.meta/`. Throws
 * BadInputError.
 */
export function checkKey(key: string): void {
  const reason = keyFault(key);
  if (reason !== undefined) {
    throw new BadInputError(`object key ${JSON.stringify(key.slice(0, 200))}: ${reason}`, {
      hint: 'keys are relative paths such as otel-raw/a/b.zst',
    });
  }
}

/** Why `key` cannot name an object, or undefined when it can. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.includes('\0')) return 'holds a NUL';
  if (!key.isWellFormed()) return 'is not valid Unicode';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  const parts = key.split('/');
  if (RESERVED.has(parts[0])) return `${parts[0]}/ is the store's own`;
  for (const part of parts) {
    if (part === '') return 'has an empty part';
    if (part === '.' || part === '..') return `has a part ${part}`;
    if (Buffer.byteLength(part) > MAX_PART_BYTES) return `has a part of more than ${MAX_PART_BYTES} bytes`;
  }
  return undefined;
}

/** Compares keys by their UTF-8 bytes, as S3 orders a listing. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above U+FFFF and must sort after U+E000 to U+FFFF.
    return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
