import type { Column } from '../../tables.ts';
import { type Leaf, leavesOf } from '../schema.ts';
import { ThriftReader } from './thrift-reader.ts';

/** One column chunk, as the footer says. */
export interface ChunkPlace {
  /** Of its first page. */
  readonly offset: number;
  readonly bytes: number;
  readonly codec: number;
  readonly hasDictionary: boolean;
  /** Levels: rows, or entries and empty rows of maps and lists. */
  readonly levelCount: number;
  /** Where its description (ColumnMetaData) is in the footer. */
  readonly describedAt: number;
}

export interface RowGroupPlace {
  readonly rows: number;
  /** By leaf path, joined with dots. */
  readonly chunks: ReadonlyMap<string, ChunkPlace>;
}

export interface Footer {
  readonly rows: number;
  readonly groups: readonly RowGroupPlace[];
  /** The file's leaves by path: physical type and repetition of the leaf itself. */
  readonly leaves: ReadonlyMap<string, FileLeaf>;
}

interface FileLeaf {
  readonly physical: number;
  readonly repetition: number;
}

export const pathOf = (leaf: Leaf): string => leaf.path.join('.');

/** Reads the footer's struct (FileMetaData of parquet.thrift). Throws RangeError when it is not one. */
export function readFooter(bytes: Uint8Array): Footer {
  const thrift = new ThriftReader(bytes);
  let leaves: ReadonlyMap<string, FileLeaf> = new Map();
  let rows = 0;
  const groups: RowGroupPlace[] = [];
  thrift.struct((id) => {
    if (id === 2) leaves = readLeaves(thrift);
    else if (id === 3) rows = thrift.int();
    else if (id === 4) thrift.list(() => void groups.push(readRowGroup(thrift)));
    else return false;
    return true;
  });
  const sum = groups.reduce((total, group) => total + Math.max(0, group.rows), 0);
  if (rows !== sum || groups.some((group) => group.rows < 0)) {
    throw new RangeError('the row groups do not have the rows of the file');
  }
  return { rows, groups, leaves };
}

interface Element {
  name: string;
  physical: number;
  repetition: number;
  children: number;
}

function readLeaves(thrift: ThriftReader): Map<string, FileLeaf> {
  const elements: Element[] = [];
  thrift.list(() => {
    const element: Element = { name: '', physical: -1, repetition: 0, children: 0 };
    thrift.struct((id) => {
      if (id === 1) element.physical = thrift.int();
      else if (id === 3) element.repetition = thrift.int();
      else if (id === 4) element.name = thrift.string();
      else if (id === 5) element.children = thrift.int();
      else return false;
      return true;
    });
    elements.push(element);
  });
  const leaves = new Map<string, FileLeaf>();
  let at = 1;
  const walk = (path: readonly string[]): void => {
    const element = elements[at++];
    if (element === undefined) throw new RangeError('the schema ends early');
    const own = [...path, element.name];
    if (element.children === 0) leaves.set(own.join('.'), element);
    else for (let i = 0; i < element.children; i++) walk(own);
  };
  while (at < elements.length) walk([]);
  return leaves;
}

function readRowGroup(thrift: ThriftReader): RowGroupPlace {
  const chunks = new Map<string, ChunkPlace>();
  let rows = 0;
  thrift.struct((id) => {
    if (id === 1) {
      thrift.list(() =>
        thrift.struct((field) => {
          if (field !== 3) return false;
          const { path, ...chunk } = readChunk(thrift);
          chunks.set(path, chunk);
          return true;
        }),
      );
    } else if (id === 3) rows = thrift.int();
    else return false;
    return true;
  });
  return { rows, chunks };
}

function readChunk(thrift: ThriftReader): ChunkPlace & { path: string } {
  const path: string[] = [];
  let codec = 0;
  let levelCount = 0;
  let bytes = 0;
  let dataOffset = 0;
  let dictionaryOffset: number | undefined;
  const describedAt = thrift.at;
  thrift.struct((id) => {
    if (id === 3) thrift.list(() => void path.push(thrift.string()));
    else if (id === 4) codec = thrift.int();
    else if (id === 5) levelCount = thrift.int();
    else if (id === 7) bytes = thrift.int();
    else if (id === 9) dataOffset = thrift.int();
    else if (id === 11) dictionaryOffset = thrift.int();
    else return false;
    return true;
  });
  const offset = dictionaryOffset ?? dataOffset;
  const hasDictionary = dictionaryOffset !== undefined;
  return { path: path.join('.'), codec, hasDictionary, levelCount, bytes, offset, describedAt };
}

const OPTIONAL = 1;

/**
 * Says why a file with these leaves cannot be read as a file of `columns`, or undefined when it can: it has
 * no other columns, and lacks none but scalars that may be NULL, as a file of an older writer does.
 */
export function schemaFault(columns: readonly Column[], footer: Footer): string | undefined {
  const expected = new Map(columns.flatMap((column) => leavesOf(column).map((leaf) => [pathOf(leaf), leaf])));
  for (const path of footer.leaves.keys()) {
    if (!expected.has(path)) return `the column ${JSON.stringify(path)} is not one of the table's`;
  }
  for (const [path, leaf] of expected) {
    const found = footer.leaves.get(path);
    if (found === undefined) {
      const mayLack = leaf.maxDefinition === 1 && leaf.maxRepetition === 0;
      if (!mayLack) return `the column ${JSON.stringify(path)} is missing`;
      continue;
    }
    const optional = leaf.path.length === 1 && leaf.maxDefinition === 1;
    if (
      found.physical !== leaf.physical ||
      (leaf.path.length === 1 && (found.repetition === OPTIONAL) !== optional)
    ) {
      return `the column ${JSON.stringify(path)} has another type`;
    }
  }
  return undefined;
}
