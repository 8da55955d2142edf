import { messageOf, NotFoundError, UnavailableError } from '@lakewright/core';
import { ForbiddenError } from './errors.ts';

/** The system's code for an error, such as ENOENT, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space on the disk of the data directory',
  EDQUOT: 'free some space or raise the quota of the data directory',
  EROFS: 'mount the data directory for writing',
  EACCES: 'let this user read and write the data directory',
  EPERM: 'let this user read and write the data directory',
  EIO: 'check the disk of the data directory',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise the limit of open files of this machine',
  EXDEV: 'keep the whole objects directory on one file system',
};

/** True when the thing that was asked for is not there; a symbolic link is no object. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** True when the name that was to be removed is a directory's. */
export function isDirectoryFault(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EISDIR' || code === 'ERR_FS_EISDIR';
}

/** True when this user may not touch the thing that was asked for. */
export function isForbidden(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EACCES' || code === 'EPERM';
}

/** What to throw when reading or writing `key` failed with `error`. */
export function storeError(
  action: 'open' | 'read' | 'write' | 'look at' | 'list' | 'delete',
  key: string,
  error: unknown,
): Error {
  if (isAbsent(error)) return new NotFoundError(`no object ${key}`, { cause: error });
  if (action === 'read' && isForbidden(error)) {
    return new ForbiddenError(`this user may not read ${key}`, { cause: error });
  }
  const code = systemCode(error);
  // The system's message holds the path on this machine, which is nobody else's business.
  const what = code ?? messageOf(error);
  return new UnavailableError(`could not ${action} ${key}: ${what}`, {
    cause: error,
    hint: code === undefined ? undefined : HINTS[code],
  });
}
