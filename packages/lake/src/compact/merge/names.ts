import { ByteTable } from '@lakewright/otlp';
import type { StringRows } from '../../parquet/index.ts';

/** The names by which rows are sorted first, of all inputs together, in the order of their bytes. */
export class Names {
  readonly #table = new ByteTable();
  #ranks = new Int32Array(0);

  add({ strings }: StringRows): void {
    for (let place = 0; place < strings.count; place++) this.#number(strings, place);
  }

  rank(): void {
    const sorted = Array.from({ length: this.#table.count }, (_, i) => i).sort((a, b) =>
      this.#table.compare(a, b),
    );
    this.#ranks = new Int32Array(sorted.length);
    for (const [rank, number] of sorted.entries()) this.#ranks[number] = rank;
  }

  /** A NULL comes before all names. */
  ranksOf({ ids, strings }: StringRows): Int32Array {
    const ranks = new Int32Array(strings.count);
    for (let place = 0; place < strings.count; place++)
      ranks[place] = this.#ranks[this.#number(strings, place)];
    const ranked = new Int32Array(ids.length);
    for (let row = 0; row < ids.length; row++) ranked[row] = ids[row] < 0 ? -1 : ranks[ids[row]];
    return ranked;
  }

  #number(strings: StringRows['strings'], place: number): number {
    return this.#table.intern(strings.bytes, strings.starts[place], strings.ends[place]);
  }
}
