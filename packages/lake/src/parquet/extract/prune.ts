import { boundsOf, type ChunkBounds, type FileLayout, type GroupLayout } from './layout.ts';

/** What is true of every row that is wanted of a file. */
export interface RowConditions {
  /** time_unix_nano, inclusive. */
  readonly startNs?: bigint;
  /** time_unix_nano, exclusive. */
  readonly endNs?: bigint;
  /** For each of these text columns, the values of which a row has one. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

const encoder = new TextEncoder();

/** The numbers of the row groups that may hold wanted rows, as their statistics say: never fewer. */
export function keptGroups(layout: FileLayout, conditions: RowConditions): number[] {
  const values = [...conditions.values].map(
    ([column, texts]) => [column, texts.map((text) => encoder.encode(text))] as const,
  );
  const kept: number[] = [];
  for (const [number, group] of layout.groups.entries()) {
    const boundsIn = (column: string) => columnBounds(layout, group, column);
    const mayHold = ([column, texts]: (typeof values)[number]) => mayHoldText(boundsIn(column), texts);
    if (mayHoldTime(boundsIn('time_unix_nano'), conditions) && values.every(mayHold)) {
      kept.push(number);
    }
  }
  return kept;
}

function columnBounds(layout: FileLayout, group: GroupLayout, column: string): Partial<ChunkBounds> {
  const chunk = group.chunks.find((each) => each.column === column);
  return chunk === undefined ? {} : boundsOf(layout, chunk);
}

function mayHoldTime({ min, max }: Partial<ChunkBounds>, { startNs, endNs }: RowConditions): boolean {
  if (min?.length !== 8 || max?.length !== 8) return true;
  return (startNs === undefined || int64(max) >= startNs) && (endNs === undefined || int64(min) < endNs);
}

function mayHoldText({ min, max }: Partial<ChunkBounds>, texts: readonly Uint8Array[]): boolean {
  if (min === undefined || max === undefined) return true;
  return texts.some((text) => Buffer.compare(text, min) >= 0 && Buffer.compare(text, max) <= 0);
}

function int64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
}
