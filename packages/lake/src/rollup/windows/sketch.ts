/** A quantile is within this part of its value. */
export const SKETCH_ACCURACY = 0.01;

/** Keys of one sketch at most; beyond it the lowest ones become one. They span 17 orders of magnitude. */
export const MAX_SKETCH_KEYS = 2048;

const GAMMA = (1 + SKETCH_ACCURACY) / (1 - SKETCH_ACCURACY);
const SCALE = 1 / Math.log(GAMMA);
/** Makes the keys of all positive doubles positive: those of the least ones are about -37,200. */
const SHIFT = 40_000;

/**
 * The key of a value: in the order of values, so that -k is the key of the negative of what k is the key of.
 * Infinities have the keys of the greatest doubles. `value` is not NaN.
 */
export function sketchKey(value: number): number {
  if (value === 0) return 0;
  const size = Math.min(Math.abs(value), Number.MAX_VALUE);
  const key = Math.ceil(Math.log(size) * SCALE) + SHIFT;
  return value < 0 ? -key : key;
}

/** The value that a key stands for. */
export function sketchValue(key: number): number {
  if (key === 0) return 0;
  // In this order, and within bounds, so that the greatest doubles do not become infinite.
  const size = Math.min(Number.MAX_VALUE, GAMMA ** (Math.abs(key) - SHIFT - 1) * ((2 * GAMMA) / (1 + GAMMA)));
  return key < 0 ? -size : size;
}

/** The quantile `q`, 0 to 1, of the values that were counted under sorted `keys`; undefined when there is none. */
export function sketchQuantile(
  keys: readonly number[],
  counts: readonly number[],
  q: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = q * (total - 1);
  let seen = 0;
  const at = counts.findIndex((count) => {
    seen += count;
    return seen > rank;
  });
  return sketchValue(keys[at < 0 ? keys.length - 1 : at]);
}

/**
 * Counts values by keys whose neighbours are 2 % apart, so that any quantile of them is known within 1 %
 * (Masson, Rim and Lee, "DDSketch", VLDB 2019). Sketches add up: that of two windows is that of all their values.
 */
export class QuantileSketch {
  /** Sorted; the first `length` count. */
  keys = new Int32Array(16);
  counts = new Float64Array(16);
  length = 0;
  /** Where the last key was: the next value is often near. */
  #last = 0;

  clear(): void {
    this.length = 0;
    this.#last = 0;
  }

  add(key: number, count: number): void {
    const last = this.#last;
    if (last < this.length && this.keys[last] === key) {
      this.counts[last] += count;
      return;
    }
    const at = this.#placeOf(key);
    if (at === this.length || this.keys[at] !== key) this.#insert(at, key);
    const place = this.#last;
    this.counts[place] += count;
  }

  addAll({ keys, counts, length }: QuantileSketch): void {
    for (let i = 0; i < length; i++) this.add(keys[i], counts[i]);
  }

  #placeOf(key: number): number {
    const { keys } = this;
    let from = 0;
    let to = this.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (keys[middle] < key) from = middle + 1;
      else to = middle;
    }
    this.#last = from;
    return from;
  }

  /** Makes room for a key at `at`; a full sketch makes it of its two lowest keys. */
  #insert(at: number, key: number): void {
    if (this.length === MAX_SKETCH_KEYS) {
      if (at === 0) {
        this.#last = 0;
        return;
      }
      this.counts[1] += this.counts[0];
      this.keys.copyWithin(0, 1, at);
      this.counts.copyWithin(0, 1, at);
      this.#set(at - 1, key);
      return;
    }
    if (this.length === this.keys.length) this.#grow();
    this.keys.copyWithin(at + 1, at, this.length);
    this.counts.copyWithin(at + 1, at, this.length);
    this.length++;
    this.#set(at, key);
  }

  #set(at: number, key: number): void {
    this.keys[at] = key;
    this.counts[at] = 0;
    this.#last = at;
  }

  #grow(): void {
    const keys = new Int32Array(this.keys.length * 2);
    const counts = new Float64Array(keys.length);
    keys.set(this.keys);
    counts.set(this.counts);
    this.keys = keys;
    this.counts = counts;
  }
}
