import type { ColumnData, StringRows } from '../../parquet/index.ts';
import type { Gatherer } from './gather.ts';

/**
 * Puts together texts that hardly repeat, as ids of spans: they lie one behind the other in the inputs and are copied
 * run by run, without a number for each. Its inputs have no dictionary.
 */
export class TextGatherer implements Gatherer<StringRows> {
  #present = new Uint8Array(0);
  #lengths = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #used = 0;
  #count = 0;
  #at = 0;

  begin(rows: number): void {
    if (this.#lengths.length < rows) this.#lengths = new Int32Array(rows);
    this.#present = new Uint8Array(rows);
    this.#used = 0;
    this.#count = 0;
    this.#at = 0;
  }

  append({ ids, strings }: StringRows, from: number, count: number): void {
    const { starts, ends, bytes } = strings;
    const end = from + count;
    const before = this.#count;
    let first = -1;
    let last = -1;
    for (let row = from; row < end; row++) {
      const id = ids[row];
      const at = this.#at++;
      if (id < 0) continue;
      this.#present[at] = 1;
      if (first < 0) first = id;
      last = id;
      this.#lengths[this.#count++] = ends[id] - starts[id];
    }
    if (before < this.#count) this.#copy(bytes, starts[first], ends[last]);
  }

  data(): ColumnData {
    return {
      kind: 'texts',
      present: this.#present,
      count: this.#count,
      lengths: this.#lengths,
      bytes: this.#bytes.subarray(0, this.#used),
    };
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    const end = this.#used + to - from;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(from, to), this.#used);
    this.#used = end;
  }
}
