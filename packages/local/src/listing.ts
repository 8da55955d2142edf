import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectInfo } from '@lakewright/core';
import { isAbsent, isForbidden } from './file-errors.ts';
import { compareKeys, keyFault, RESERVED } from './keys.ts';

/** How many files are described at once while listing. */
const STATS_AT_ONCE = 32;

/** What a file's description says, as BigInts: nanoseconds do not fit a double. */
export interface FileFacts {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}

/** An object's description from its file's. The etag changes when the file is written or replaced. */
export function infoOf(key: string, facts: FileFacts): ObjectInfo {
  return {
    key,
    etag: `${facts.size.toString(36)}-${facts.mtimeNs.toString(36)}-${facts.ino.toString(36)}`,
    size: Number(facts.size),
    lastModifiedMs: Number(facts.mtimeNs / 1_000_000n),
  };
}

export interface Walk {
  readonly root: string;
  readonly prefix: string;
  readonly startAfter: string;
  /** Told of every entry that is neither a file nor a directory, or whose name is no key. */
  readonly onSkipped: (key: string, reason: string) => void;
}

/** Every file below `walk.root` whose key starts with the prefix and sorts after `startAfter`, in key order. */
export async function* listFiles(walk: Walk): AsyncGenerator<ObjectInfo> {
  const slash = walk.prefix.lastIndexOf('/');
  yield* listDirectory(walk, walk.prefix.slice(0, slash + 1));
}

async function* listDirectory(walk: Walk, base: string): AsyncGenerator<ObjectInfo> {
  const entries = await readNames(walk, base);
  let files: string[] = [];
  for (const [key, entry] of sortedKeys(base, entries)) {
    if (!mayHoldMatches(walk, key)) continue;
    const fault = faultOf(key, entry);
    if (fault !== undefined) {
      walk.onSkipped(key, fault);
      continue;
    }
    if (entry.isFile()) {
      files.push(key);
      if (files.length < STATS_AT_ONCE) continue;
    }
    yield* describe(walk.root, files);
    files = [];
    if (entry.isDirectory()) yield* listDirectory(walk, key);
  }
  yield* describe(walk.root, files);
}

function faultOf(key: string, entry: Dirent): string | undefined {
  // Names that are not UTF-8 are read with this character in them, and cannot be opened by what was read.
  if (key.includes('\ufffd')) return 'its name is not valid UTF-8 or holds U+FFFD';
  if (entry.isDirectory()) return undefined;
  return entry.isFile() ? keyFault(key) : 'it is neither a file nor a directory';
}

/** Directory keys end with `/`, so that sorting them among files gives the order of the whole keys. */
function sortedKeys(base: string, entries: readonly Dirent[]): [string, Dirent][] {
  return entries
    .filter((entry) => base !== '' || !RESERVED.has(entry.name))
    .map((entry): [string, Dirent] => [`${base}${entry.name}${entry.isDirectory() ? '/' : ''}`, entry])
    .sort((a, b) => compareKeys(a[0], b[0]));
}

function mayHoldMatches(walk: Walk, key: string): boolean {
  const { prefix, startAfter } = walk;
  if (!key.endsWith('/')) return key.startsWith(prefix) && compareKeys(key, startAfter) > 0;
  if (!key.startsWith(prefix) && !prefix.startsWith(key)) return false;
  return startAfter.startsWith(key) || compareKeys(key, startAfter) > 0;
}

async function* describe(root: string, keys: readonly string[]): AsyncGenerator<ObjectInfo> {
  const infos = await Promise.all(
    keys.map(async (key) => {
      try {
        return infoOf(key, await lstat(path.join(root, key), { bigint: true }));
      } catch (error) {
        // Removed between the reading of the directory and now.
        if (isAbsent(error)) return undefined;
        throw error;
      }
    }),
  );
  for (const info of infos) if (info !== undefined) yield info;
}

async function readNames(walk: Walk, base: string): Promise<Dirent[]> {
  try {
    return await readdir(path.join(walk.root, base), { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    if (!isForbidden(error)) throw error;
    walk.onSkipped(base, 'this user may not read the directory');
    return [];
  }
}
