import type { ChunkLayout, FileLayout, GroupLayout } from './layout.ts';

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
    if (mayHoldTimes(group, conditions) && values.every(([column, texts]) => mayHold(group, column, texts))) {
      kept.push(number);
    }
  }
  return kept;
}

function mayHoldTimes(group: GroupLayout, { startNs, endNs }: RowConditions): boolean {
  const { min, max } = boundsOf(group, 'time_unix_nano');
  if (min?.length !== 8 || max?.length !== 8) return true;
  return (startNs === undefined || int64(max) >= startNs) && (endNs === undefined || int64(min) < endNs);
}

function mayHold(group: GroupLayout, column: string, texts: readonly Uint8Array[]): boolean {
  const { min, max } = boundsOf(group, column);
  if (min === undefined || max === undefined) return true;
  return texts.some((text) => Buffer.compare(text, min) >= 0 && Buffer.compare(text, max) <= 0);
}

function boundsOf(group: GroupLayout, column: string): Partial<Pick<ChunkLayout, 'min' | 'max'>> {
  return group.chunks.find((chunk) => chunk.column === column) ?? {};
}

function int64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
}
