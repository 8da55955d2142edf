import type { Runs } from './runs.ts';

/** The smallest edge, in rows: two that meet fill a row group of the smallest size (MIN_GROUP_ROWS). */
const MIN_EDGE_ROWS = 4096;

/**
 * How many rows are cut off at each edge of a stream, service or series of `rows` rows, when rows of inputs that
 * follow each other were `overlap` rows deep in each other: a power of two times MIN_EDGE_ROWS, or 0 where the
 * row group of the edge would be as big as any other (`groupRows`), or little would be left between the edges.
 */
export function edgeRows(overlap: number, rows: number, groupRows: number): number {
  let edge = MIN_EDGE_ROWS;
  while (edge < overlap) edge *= 2;
  return edge < groupRows && rows - 2 * edge >= groupRows ? edge : 0;
}

/** Says how deep inputs that follow each other are in each other; asked about from front to back. */
export class Overlaps {
  readonly #runs: Runs;
  #run = 0;
  /** The row of the output that run `#run` begins with. */
  #row = 0;

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  /**
   * Of the inputs that have rows among rows `from .. to` of the output, in the order of their first one: how many
   * rows there are from the first row of the next input to the last of this one. The median, so that one late
   * record in one input does not count for all.
   */
  of(from: number, to: number): number {
    const spans = this.#spans(from, to).sort((a, b) => a.first - b.first);
    const depths: number[] = [];
    for (let i = 1; i < spans.length; i++) depths.push(Math.max(0, spans[i - 1].end - spans[i].first));
    depths.sort((a, b) => a - b);
    return depths.length === 0 ? 0 : depths[depths.length >> 1];
  }

  /** Of each input the first of its rows among `from .. to` and the row behind the last. */
  #spans(from: number, to: number): { first: number; end: number }[] {
    const { inputs, lengths } = this.#runs;
    const spans = new Map<number, { first: number; end: number }>();
    while (this.#row + lengths[this.#run] <= from) this.#row += lengths[this.#run++];
    for (let run = this.#run, row = this.#row; row < to; row += lengths[run++]) {
      const end = Math.min(to, row + lengths[run]);
      const span = spans.get(inputs[run]);
      if (span === undefined) spans.set(inputs[run], { first: Math.max(from, row), end });
      else span.end = end;
    }
    return [...spans.values()];
  }
}
