import { NotFoundError, type ObjectStore } from '@lakewright/core';
import type { PlannedSegment } from '@lakewright/lake';
import { SegmentReadError } from '../errors.ts';
import type { SegmentFiles } from './segment-files.ts';

/** How many files' places are looked up at a time. */
const LOOKUPS = 64;

/** The segments of a store whose objects are files of this machine: DuckDB reads what it needs of each. */
export function localFiles(store: ObjectStore): SegmentFiles {
  return {
    async open(wanted) {
      const paths: string[][] = [];
      for (const { segments } of wanted) paths.push(await pathsOf(store, segments));
      const all = wanted.flatMap(({ segments }) => segments);
      return { paths, bytesRead: all.reduce((sum, { bytes }) => sum + bytes, 0), release: () => undefined };
    },
    close: async () => undefined,
  };
}

async function pathsOf(store: ObjectStore, segments: readonly PlannedSegment[]): Promise<string[]> {
  const paths: string[] = [];
  for (let from = 0; from < segments.length; from += LOOKUPS) {
    const batch = segments.slice(from, from + LOOKUPS);
    paths.push(...(await Promise.all(batch.map((segment) => localPath(store, segment.key)))));
  }
  return paths;
}

async function localPath(store: ObjectStore, key: string): Promise<string> {
  let path: string;
  try {
    path = await store.localPath(key);
  } catch (error) {
    if (error instanceof NotFoundError) {
      throw new SegmentReadError(key, 'its object is not in the store', { cause: error });
    }
    throw error;
  }
  if (isPattern(path)) {
    throw new SegmentReadError(key, 'its path has one of * ? [ ] in it', {
      hint: 'move the data directory to a path without these characters',
    });
  }
  return path;
}

/** DuckDB would read such a path as a pattern and might find another file. */
export function isPattern(path: string): boolean {
  return /[*?[\]]/.test(path);
}
