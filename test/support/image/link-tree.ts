import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Puts what is at `from` at `to`, over what is there, without a folder named `except`. Files are hard links where both
 * are on one file system: hundreds of MB are then there at once. Nobody may write to them.
 */
export function linkTree(from: string, to: string, except?: string): void {
  const stats = lstatSync(from);
  if (stats.isDirectory()) {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) {
      if (name !== except) linkTree(join(from, name), join(to, name), except);
    }
  } else if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else {
    linkFile(from, to);
  }
}

/** One file, whatever folders are missing above it. */
export function linkFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV')
      throw new Error(`${basename(from)}`, { cause: error });
    copyFileSync(from, to);
  }
}
