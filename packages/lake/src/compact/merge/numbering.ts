import type { ByteTable } from '@lakewright/otlp';
import type { LeafStrings } from '../../parquet/index.ts';

/** Of each place in an input's list of strings, its number in the output's table; -1 until it is needed. */
export class Numbering {
  #of = new WeakMap<LeafStrings, Int32Array>();

  begin(): void {
    this.#of = new WeakMap();
  }

  numbersOf(strings: LeafStrings): Int32Array {
    let numbers = this.#of.get(strings);
    if (numbers === undefined) {
      numbers = new Int32Array(strings.count).fill(-1);
      this.#of.set(strings, numbers);
    }
    return numbers;
  }
}

/** The number of the string at `place` of `strings`, whose `numbers` those are. */
export function numberOf(table: ByteTable, strings: LeafStrings, numbers: Int32Array, place: number): number {
  const known = numbers[place];
  if (known >= 0) return known;
  const number = table.intern(strings.bytes, strings.starts[place], strings.ends[place]);
  numbers[place] = number;
  return number;
}
