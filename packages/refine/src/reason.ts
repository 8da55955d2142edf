import { LakewrightError } from '@lakewright/core';

/**
 * Why something failed, for logs and dead letters. The message of an error that is not the product's own may
 * quote the object (JSON.parse does), so of such an error only its name, its system code and the place in the
 * code are told. A handler that has more to say throws a HandlerError.
 */
export function reasonOf(error: unknown): string {
  try {
    return describe(error);
  } catch {
    // Anything can be thrown, also what throws when it is looked at.
    return 'an error that cannot be looked at';
  }
}

function describe(error: unknown): string {
  if (error instanceof LakewrightError) return error.message;
  if (!(error instanceof Error)) return 'something that is not an Error was thrown';
  const { code } = error as NodeJS.ErrnoException;
  const name = typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : safeName(error);
  const place = placeOf(error);
  return place === undefined ? name : `${name} at ${place}`;
}

function safeName(error: Error): string {
  return /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(error.name) ? error.name : 'Error';
}

/** The first line of the stack that names a file: `redact.ts:12:7`. */
function placeOf(error: Error): string | undefined {
  const frames = String(error.stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  for (const frame of frames) {
    const match = /([\w.-]+\.[cm]?[jt]s):(\d+):(\d+)\)?$/.exec(frame);
    if (match !== null) return `${match[1]}:${match[2]}:${match[3]}`;
  }
  return undefined;
}
