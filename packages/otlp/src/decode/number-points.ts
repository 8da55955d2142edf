import type { BatchMemory } from './batch-memory.ts';
import { POINT, type PointReader, setWords } from './point-reader.ts';
import type { WireReader } from './reader.ts';
import { growRows, makeRows, type Rows } from './rows.ts';

const NUMBER = {
  ...POINT,
  /** 0 no value, 1 double, 2 integer. */
  held: 'u8',
  double: 'f64',
  int: 'u64',
} as const;

export type NumberRows = Rows<typeof NUMBER>;

/** Number points (gauge and sum) as columns. */
export class NumberPoints {
  readonly rows: NumberRows;
  readonly #memory: BatchMemory;

  constructor(memory: BatchMemory) {
    this.rows = makeRows(NUMBER, memory);
    this.#memory = memory;
  }

  /** Reads the NumberDataPoint at `pos..end`; true when it was stored, else `point.problem` says why not. */
  read(r: WireReader, end: number, point: PointReader): boolean {
    const { rows } = this;
    if (rows.length === rows.capacity) growRows(rows, NUMBER, this.#memory);
    const row = rows.length;
    point.begin();
    setWords(rows.time, row, 0, 0);
    setWords(rows.start, row, 0, 0);
    setWords(rows.int, row, 0, 0);
    rows.flags[row] = 0;
    rows.held[row] = 0;
    rows.double[row] = 0;
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 58:
          point.context.attributes.add(r, r.lengthEnd(end));
          break;
        case 17:
          r.fixed64(end);
          setWords(rows.start, row, r.lo, r.hi);
          break;
        case 25:
          r.fixed64(end);
          setWords(rows.time, row, r.lo, r.hi);
          break;
        case 33:
          rows.double[row] = r.double(end);
          rows.held[row] = 1;
          break;
        case 49:
          r.fixed64(end);
          setWords(rows.int, row, r.lo, r.hi);
          rows.double[row] = (r.hi | 0) * 0x1_0000_0000 + r.lo;
          rows.held[row] = 2;
          break;
        case 42:
          point.exemplar(r, r.lengthEnd(end));
          break;
        case 64:
          rows.flags[row] = r.varint();
          break;
        default: {
          const field = tag >>> 3;
          if (field >= 2 && field <= 8) r.wrongType('NumberDataPoint', tag);
          r.skip(tag, end);
        }
      }
      r.check(end);
    }
    if (!point.finish(rows, row)) return false;
    rows.length++;
    return true;
  }
}
