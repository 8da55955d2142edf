import { RunList, type Runs } from './runs.ts';

/** A row group of an input, by the keys of its rows. */
export interface KeyGroup {
  readonly count: number;
  /** Where it is known without reading the rows that all have one name and one identity. */
  readonly ends?: GroupEnds;
  /** Reads the keys of all rows. */
  read(): KeyRows;
}

/** What a row group says of itself whose rows have one name and one identity. */
export interface GroupEnds {
  readonly rank: number;
  /** One word pair. */
  readonly id: Uint32Array | undefined;
  /** Word pairs: the times of the first row and of the last. */
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** The keys by which the rows of one row group are sorted. */
export interface KeyRows {
  /** Of each row, the rank of its name among all names of the merge. */
  readonly ranks: Int32Array;
  /** Word pairs (low, high), ordered without sign after the rank; undefined in tables without such a key. */
  readonly ids: Uint32Array | undefined;
  /** Word pairs, ns since the epoch: the last key. */
  readonly times: Uint32Array;
}

/** Where an input is and is not in the order of its table. Rows are counted from 0 in the whole input. */
export class UnsortedError extends Error {
  readonly input: number;
  constructor(input: number, row: number) {
    super(`row ${row} comes before the row in front of it`);
    this.input = input;
  }
}

/**
 * Merges sorted inputs: of equal rows those of the input with the smaller number come first. `groupsOf[i]`
 * answers the row groups of input `i`, whose keys are read once and then let go; those of a group that knows its
 * ends, and that no other input has rows between, are not read. Throws UnsortedError.
 */
export function mergeOrder(groupsOf: readonly Iterator<KeyGroup>[]): Runs {
  const heads = groupsOf.map((groups, input) => new Head(groups, input));
  const heap = heads.filter((head) => head.next());
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
  const runs = new RunList();
  while (heap.length > 0) {
    const head = heap[0];
    const rival = rivalOf(heap);
    let length = 0;
    let more: boolean;
    do {
      const rows = 1 + head.skip(rival);
      runs.rows(head, rows);
      length += rows;
      more = head.next();
    } while (more && (rival === undefined || before(head, rival)));
    runs.add(head.input, length);
    if (!more) {
      const last = heap.pop() as Head;
      if (heap.length > 0) heap[0] = last;
    }
    sink(heap, 0);
  }
  return runs;
}

/** The next row of one input. */
class Head {
  readonly input: number;
  rank = -1;
  idHigh = 0;
  idLow = 0;
  timeHigh = 0;
  timeLow = 0;
  readonly #groups: Iterator<KeyGroup>;
  #group: KeyGroup | undefined;
  /** Of `#group`, once they are needed. */
  #keys: KeyRows | undefined;
  #at = 0;
  #row = -1;

  constructor(groups: Iterator<KeyGroup>, input: number) {
    this.#groups = groups;
    this.input = input;
  }

  /** Moves on to the next row; false when there is none. */
  next(): boolean {
    while (this.#group === undefined || this.#at === this.#group.count) {
      const { value, done } = this.#groups.next();
      if (done) return false;
      this.#group = value as KeyGroup;
      this.#keys = undefined;
      this.#at = 0;
    }
    const { ends } = this.#group;
    const at = this.#at++;
    this.#row++;
    if (at === 0 && ends !== undefined) {
      this.#move(ends.rank, ends.id, 0, ends.first, 0);
    } else {
      this.#keys ??= this.#group.read();
      const { ranks, ids, times } = this.#keys;
      this.#move(ranks[at], ids, at, times, at);
    }
    return true;
  }

  /** Moves on over rows with the same rank and identity that come before `rival`, and answers how many. */
  skip(rival: Head | undefined): number {
    return this.#keys === undefined ? this.#skipGroup(rival) : this.#skipAlike(rival, this.#keys);
  }

  /** From the first row of a row group that knows its ends to the last, when all its rows come before `rival`. */
  #skipGroup(rival: Head | undefined): number {
    const { timeHigh, timeLow } = this;
    const { ends, count } = this.#group as KeyGroup;
    if (ends === undefined) return 0;
    this.timeLow = ends.last[0];
    this.timeHigh = ends.last[1];
    if (rival !== undefined && !before(this, rival)) {
      this.timeLow = timeLow;
      this.timeHigh = timeHigh;
      return 0;
    }
    const skipped = count - 1;
    this.#at += skipped;
    this.#row += skipped;
    return skipped;
  }

  /** To a row with this rank, pair `id` of `ids` and pair `time` of `times`. */
  #move(nextRank: number, ids: Uint32Array | undefined, id: number, times: Uint32Array, time: number): void {
    const { rank, idHigh, idLow, timeHigh, timeLow } = this;
    this.rank = nextRank;
    if (ids !== undefined) {
      this.idLow = ids[id * 2];
      this.idHigh = ids[id * 2 + 1];
    }
    this.timeLow = times[time * 2];
    this.timeHigh = times[time * 2 + 1];
    const order =
      this.rank - rank ||
      this.idHigh - idHigh ||
      this.idLow - idLow ||
      this.timeHigh - timeHigh ||
      this.timeLow - timeLow;
    if (order < 0) throw new UnsortedError(this.input, this.#row);
  }

  /** Within the row group, over times that are in order: most rows of a run, without a look at anything else. */
  #skipAlike(rival: Head | undefined, { ranks, ids, times }: KeyRows): number {
    const { count } = this.#group as KeyGroup;
    const { rank, idHigh, idLow } = this;
    const isRival = rival?.rank === rank && rival.idHigh === idHigh && rival.idLow === idLow;
    const endHigh = isRival ? rival.timeHigh : Number.POSITIVE_INFINITY;
    const endLow = isRival ? rival.timeLow : 0;
    let high = this.timeHigh;
    let low = this.timeLow;
    let at = this.#at;
    for (; at < count; at++) {
      if (ranks[at] !== rank) break;
      if (ids !== undefined && (ids[at * 2] !== idLow || ids[at * 2 + 1] !== idHigh)) break;
      const nextLow = times[at * 2];
      const nextHigh = times[at * 2 + 1];
      if (nextHigh < high || (nextHigh === high && nextLow < low)) break;
      if (nextHigh > endHigh || (nextHigh === endHigh && nextLow >= endLow)) break;
      high = nextHigh;
      low = nextLow;
    }
    const skipped = at - this.#at;
    this.timeHigh = high;
    this.timeLow = low;
    this.#at = at;
    this.#row += skipped;
    return skipped;
  }
}

function before(a: Head, b: Head): boolean {
  const order =
    a.rank - b.rank ||
    a.idHigh - b.idHigh ||
    a.idLow - b.idLow ||
    a.timeHigh - b.timeHigh ||
    a.timeLow - b.timeLow ||
    a.input - b.input;
  return order < 0;
}

/** The input that comes next when the first one is left out. */
function rivalOf(heap: readonly Head[]): Head | undefined {
  if (heap.length < 3) return heap[1];
  return before(heap[2], heap[1]) ? heap[2] : heap[1];
}

function sink(heap: Head[], from: number): void {
  let at = from;
  for (;;) {
    let least = at;
    const left = at * 2 + 1;
    if (left < heap.length && before(heap[left], heap[least])) least = left;
    if (left + 1 < heap.length && before(heap[left + 1], heap[least])) least = left + 1;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least], heap[at]];
    at = least;
  }
}
