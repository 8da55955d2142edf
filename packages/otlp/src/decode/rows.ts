import type { BatchMemory } from './batch-memory.ts';

/** The kinds of column that decoders fill: one typed array each, `u64` as pairs of 32-bit words (low, high). */
interface Arrays {
  i32: Int32Array;
  u32: Uint32Array;
  f64: Float64Array;
  u8: Uint8Array;
  u64: Uint32Array;
}
type Spec = Readonly<Record<string, keyof Arrays>>;

/** The columns of a spec plus `length`, the number of rows that are complete. */
export type Rows<S extends Spec> = { -readonly [K in keyof S]: Arrays[S[K]] } & {
  length: number;
  capacity: number;
};

const MAKE: { readonly [K in keyof Arrays]: (memory: BatchMemory, rows: number) => Arrays[K] } = {
  i32: (memory, rows) => memory.int32(rows),
  u32: (memory, rows) => memory.uint32(rows),
  f64: (memory, rows) => memory.float64(rows),
  u8: (memory, rows) => memory.uint8(rows),
  u64: (memory, rows) => memory.uint32(rows * 2),
};

/** Empty rows of a spec. A row's columns hold anything until they are set. */
export function makeRows<S extends Spec>(spec: S, memory: BatchMemory, capacity = 1024): Rows<S> {
  const columns = Object.fromEntries(
    Object.entries(spec).map(([name, kind]) => [name, MAKE[kind](memory, capacity)]),
  );
  return { ...columns, length: 0, capacity } as Rows<S>;
}

/** Makes room for one more row by doubling every column. */
export function growRows<S extends Spec>(rows: Rows<S>, spec: S, memory: BatchMemory): void {
  rows.capacity *= 2;
  const columns = rows as Record<string, unknown>;
  for (const [name, kind] of Object.entries(spec)) {
    const grown = MAKE[kind](memory, rows.capacity);
    grown.set(columns[name] as Uint8Array);
    columns[name] = grown;
  }
}
