import { type FileHandle, open } from 'node:fs/promises';
import { type ObjectStore, UnavailableError } from '@lakewright/core';

/** Inputs that are looked up, and of a remote store copied to this machine, at once. */
const LOOKUPS = 32;
/** Times that a copy is asked for which others evict before it can be opened. */
const ATTEMPTS = 5;

/**
 * Runs `work` with paths at which the inputs can be read until it ends. A remote store only promises that a copy
 * is there when it gives the path: others, also of other processes, may have it evicted a moment later. So each is
 * opened at once, and what is given is the path of the open file, which nobody can take away. Throws what the
 * store throws, and UnavailableError when copies are evicted faster than they are made.
 */
export async function withInputFiles<T>(
  store: ObjectStore,
  inputs: readonly { readonly key: string }[],
  work: (paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const files: FileHandle[] = [];
  try {
    for (let from = 0; from < inputs.length; from += LOOKUPS) {
      const batch = inputs.slice(from, from + LOOKUPS).map(({ key }) => openInput(store, key));
      const settled = await Promise.allSettled(batch);
      files.push(...settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
      for (const each of settled) if (each.status === 'rejected') throw each.reason;
    }
    return await work(files.map(({ fd }) => `/dev/fd/${fd}`));
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

async function openInput(store: ObjectStore, key: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    const path = await store.localPath(key);
    try {
      return await open(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (attempt < ATTEMPTS) continue;
      throw new UnavailableError(`the copy of ${key} on this machine was gone before it could be opened`, {
        hint: 'give the copies on this machine more room',
        cause: error,
      });
    }
  }
}
