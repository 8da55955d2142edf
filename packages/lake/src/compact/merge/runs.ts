/** In which order the rows of several inputs come: `lengths[i]` rows of input `inputs[i]`, and so on. */
export interface Runs {
  readonly count: number;
  readonly inputs: Int32Array;
  readonly lengths: Int32Array;
  /** Where the name or the identity is another one than in the row in front, in rows of the output. */
  readonly keyStarts: Int32Array;
  /** Where the name is another one than in the row in front. */
  readonly nameStarts: Int32Array;
}

/** The name and the identity of a row. */
export interface RowKey {
  readonly rank: number;
  readonly idHigh: number;
  readonly idLow: number;
}

/** Puts runs together, row by row or many at once. */
export class RunList implements Runs {
  count = 0;
  #rows = 0;
  readonly #keys = new StartList();
  readonly #names = new StartList();
  #rank = -2;
  #idHigh = 0;
  #idLow = 0;
  inputs = new Int32Array(1024);
  lengths = new Int32Array(1024);

  get keyStarts(): Int32Array {
    return this.#keys.starts;
  }

  get nameStarts(): Int32Array {
    return this.#names.starts;
  }

  /** Notes the keys of the next rows, which have one name and one identity. */
  rows({ rank, idHigh, idLow }: RowKey, count: number): void {
    if (rank !== this.#rank || idHigh !== this.#idHigh || idLow !== this.#idLow) {
      if (rank !== this.#rank) this.#names.add(this.#rows);
      this.#rank = rank;
      this.#idHigh = idHigh;
      this.#idLow = idLow;
      this.#keys.add(this.#rows);
    }
    this.#rows += count;
  }

  add(input: number, length: number): void {
    if (this.count === this.inputs.length) {
      this.inputs = grown(this.inputs);
      this.lengths = grown(this.lengths);
    }
    this.inputs[this.count] = input;
    this.lengths[this.count++] = length;
  }
}

class StartList {
  #count = 0;
  #starts = new Int32Array(1024);

  get starts(): Int32Array {
    return this.#starts.subarray(0, this.#count);
  }

  add(row: number): void {
    if (this.#count === this.#starts.length) this.#starts = grown(this.#starts);
    this.#starts[this.#count++] = row;
  }
}

function grown(values: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(values.length * 2);
  to.set(values);
  return to;
}
