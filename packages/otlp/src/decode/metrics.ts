import { AnyValueReader, TooDeep } from './any-value.ts';
import { NONE } from './attributes.ts';
import { type DecodeContext, type DecodeCounts, REASONS, reject } from './context.ts';
import { DistributionPoints } from './distribution-points.ts';
import { JsonBytes } from './json-bytes.ts';
import { NumberPoints } from './number-points.ts';
import { PointReader } from './point-reader.ts';
import { WireReader } from './reader.ts';
import { SeriesIndex } from './series.ts';

/** Decodes ExportMetricsServiceRequests into columns; call `decode` once for each raw object of a batch. */
export class MetricsDecoder {
  readonly index: SeriesIndex;
  readonly gauge: NumberPoints;
  readonly sum: NumberPoints;
  readonly histogram: DistributionPoints;
  readonly exp_histogram: DistributionPoints;
  readonly summary: DistributionPoints;
  readonly #context: DecodeContext;
  readonly #point: PointReader;
  readonly #value = new AnyValueReader();
  readonly #metadata = new JsonBytes();

  constructor(context: DecodeContext) {
    this.#context = context;
    const { memory } = context;
    this.index = new SeriesIndex(context);
    this.gauge = new NumberPoints(memory);
    this.sum = new NumberPoints(memory);
    this.histogram = new DistributionPoints('histogram', memory);
    this.exp_histogram = new DistributionPoints('exp_histogram', memory);
    this.summary = new DistributionPoints('summary', memory);
    this.#point = new PointReader(context, this.index);
  }

  /** Strings in exemplars and metadata that were not valid UTF-8. */
  get repaired(): number {
    return this.#value.repaired + this.#point.value.repaired;
  }

  /**
   * Adds the request's data points. `arrivedNs` is the time of points that carry none.
   * Throws WireError when the bytes are not a valid request; the rows are then unusable.
   */
  decode(bytes: Uint8Array, arrivedNs: bigint, counts: DecodeCounts): void {
    this.#point.arrivedLo = Number(arrivedNs & 0xffffffffn);
    this.#point.arrivedHi = Number(arrivedNs >> 32n);
    this.#context.walk(new WireReader(bytes), (r, end) => this.#metric(r, end, counts));
  }

  #metric(r: WireReader, end: number, counts: DecodeCounts): void {
    const context = this.#context;
    const texts = [0, 0, 0];
    const data: number[] = [];
    let metadataProblem: string | undefined;
    this.#metadata.reset();
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 10 || tag === 18 || tag === 26) {
        const textEnd = r.lengthEnd(end);
        texts[(tag >>> 3) - 1] = context.strings.internText(r.bytes, r.pos, textEnd);
        r.pos = textEnd;
      } else if (tag === 42 || tag === 58 || tag === 74 || tag === 82 || tag === 90) {
        const dataEnd = r.lengthEnd(end);
        data.push(tag >>> 3, r.pos, dataEnd);
        r.pos = dataEnd;
      } else if (tag === 98) {
        const memberEnd = r.lengthEnd(end);
        metadataProblem ??= this.#member(r, memberEnd);
        r.pos = memberEnd;
      } else {
        const field = tag >>> 3;
        if (field >= 1 && field <= 12 && field !== 4 && field !== 6 && field !== 8)
          r.wrongType('Metric', tag);
        r.skip(tag, end);
      }
      r.check(end);
    }
    const metadata = this.#finishMetadata();
    const [name, description, unit] = texts;
    for (let i = 0; i < data.length; i += 3) {
      r.pos = data[i + 1];
      this.#data(r, data[i + 2], data[i], { name, description, unit, metadata }, metadataProblem, counts);
    }
    r.pos = end;
  }

  #member(r: WireReader, end: number): string | undefined {
    this.#metadata.byte(this.#metadata.length === 0 ? 0x7b : 0x2c);
    try {
      this.#value.member(r, end, this.#metadata, 1);
      return undefined;
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      return REASONS.depth;
    }
  }

  #finishMetadata(): number {
    const json = this.#metadata;
    if (json.length === 0) return NONE;
    json.byte(0x7d);
    return this.#context.strings.intern(json.bytes, 0, json.length);
  }

  /** Gauge, Sum, Histogram, ExponentialHistogram, Summary{data_points = 1, temporality = 2, monotonic = 3}. */
  #data(
    r: WireReader,
    end: number,
    field: number,
    metric: { name: number; description: number; unit: number; metadata: number },
    metadataProblem: string | undefined,
    counts: DecodeCounts,
  ): void {
    const start = r.pos;
    let temporality = 0;
    let monotonic = 0;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag === 16 && field >= 7 && field <= 10) temporality = r.varint();
      else if (tag === 24 && field === 7) {
        r.varint64();
        monotonic = r.lo !== 0 || r.hi !== 0 ? 1 : 0;
      } else if (known(field, tag >>> 3) && tag !== 10) r.wrongType('metric data', tag);
      else r.skip(tag, end);
      r.check(end);
    }
    const kind = KIND_OF_FIELD[field];
    const id = this.index.metric({ ...metric, kind: kind.index, temporality, monotonic });
    const points = this[kind.name];
    this.#point.metric = id;
    r.pos = start;
    while (r.pos < end) {
      const tag = r.tag();
      if (tag !== 10) {
        r.skip(tag, end);
        continue;
      }
      const pointEnd = r.lengthEnd(end);
      const stored = points.read(r, pointEnd, this.#point);
      r.pos = pointEnd;
      if (stored && metadataProblem === undefined) counts.records++;
      else {
        if (stored) points.rows.length--;
        reject(counts, this.#point.problem ?? metadataProblem ?? REASONS.depth);
      }
    }
  }
}

const KIND_OF_FIELD: Readonly<
  Record<number, { name: 'gauge' | 'sum' | 'histogram' | 'exp_histogram' | 'summary'; index: number }>
> = {
  5: { name: 'gauge', index: 0 },
  7: { name: 'sum', index: 1 },
  9: { name: 'histogram', index: 2 },
  10: { name: 'exp_histogram', index: 3 },
  11: { name: 'summary', index: 4 },
};

/** Whether a metric's data message (by its field in Metric) defines `field`. */
function known(data: number, field: number): boolean {
  if (field === 1) return true;
  if (field === 2) return data >= 7 && data <= 10;
  return field === 3 && data === 7;
}
