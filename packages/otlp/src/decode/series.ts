import type { DecodeContext } from './context.ts';
import { addHash, type Hash64, hashString } from './hash.ts';
import { SequenceTable } from './sequence-table.ts';

export const POINT_KINDS = ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** Distinct metrics, by number: parallel arrays. */
export interface Metrics {
  readonly name: number[];
  readonly description: number[];
  readonly unit: number[];
  /** Index into POINT_KINDS. */
  readonly kind: number[];
  readonly temporality: number[];
  readonly monotonic: number[];
  /** String id of a JSON object, NONE when there is no metadata. */
  readonly metadata: number[];
}

/** Distinct series, by number: parallel arrays. */
export interface SeriesTable {
  readonly metric: number[];
  readonly resource: number[];
  readonly scope: number[];
  readonly attributes: number[];
  readonly hashLo: number[];
  readonly hashHi: number[];
}

/**
 * Metrics and series of one batch. A series is a metric of one resource and scope with one set of point
 * attributes; its identity is a hash of metric name, kind, resource, scope and attributes that is the same
 * in every batch and for every order of the attributes.
 */
export class SeriesIndex {
  readonly metrics: Metrics = {
    name: [],
    description: [],
    unit: [],
    kind: [],
    temporality: [],
    monotonic: [],
    metadata: [],
  };
  readonly series: SeriesTable = {
    metric: [],
    resource: [],
    scope: [],
    attributes: [],
    hashLo: [],
    hashHi: [],
  };
  readonly #context: DecodeContext;
  readonly #metricKeys: SequenceTable;
  readonly #seriesKeys: SequenceTable;
  readonly #key = new Int32Array(7);
  readonly #hash: Hash64 = { lo: 0, hi: 0 };

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#metricKeys = new SequenceTable(context.memory);
    this.#seriesKeys = new SequenceTable(context.memory);
  }

  /** The number of a metric; equal metrics of different requests share it. */
  metric(m: {
    name: number;
    description: number;
    unit: number;
    kind: number;
    temporality: number;
    monotonic: number;
    metadata: number;
  }): number {
    const key = this.#key;
    key[0] = m.name;
    key[1] = m.description;
    key[2] = m.unit;
    key[3] = m.kind;
    key[4] = m.temporality;
    key[5] = m.monotonic;
    key[6] = m.metadata;
    // Sequence 0 is the empty one, so the first metric is sequence 1.
    const id = this.#metricKeys.intern(key, 7) - 1;
    const { metrics } = this;
    if (id === metrics.name.length) {
      metrics.name.push(m.name);
      metrics.description.push(m.description);
      metrics.unit.push(m.unit);
      metrics.kind.push(m.kind);
      metrics.temporality.push(m.temporality);
      metrics.monotonic.push(m.monotonic);
      metrics.metadata.push(m.metadata);
    }
    return id;
  }

  /** The number of the series of `metric` with the attribute list `set` below the context's resource and scope. */
  of(metric: number, set: number): number {
    const { resource, scope } = this.#context;
    const key = this.#key;
    key[0] = metric;
    key[1] = resource;
    key[2] = scope;
    key[3] = set;
    const id = this.#seriesKeys.intern(key, 4) - 1;
    if (id === this.series.metric.length) this.#learn(metric, resource, scope, set);
    return id;
  }

  #learn(metric: number, resource: number, scope: number, set: number): void {
    const { attributes, strings, scopes, resources } = this.#context;
    const { series, metrics } = this;
    const hash = this.#hash;
    hash.lo = 0;
    hash.hi = 0;
    hashString(strings, metrics.name[metric], metrics.unit[metric], metrics.kind[metric], hash);
    if (scopes.name[scope] >= 0) {
      hashString(strings, scopes.name[scope], scopes.version[scope], 64, hash);
    }
    // Odd factors keep a label of the resource apart from the same label of the scope or the point.
    addScaled(hash, attributes.setHashLo, attributes.setHashHi, resources.set[resource], 3);
    addScaled(hash, attributes.setHashLo, attributes.setHashHi, scopes.set[scope], 5);
    addScaled(hash, attributes.setHashLo, attributes.setHashHi, set, 1);
    series.metric.push(metric);
    series.resource.push(resource);
    series.scope.push(scope);
    series.attributes.push(set);
    series.hashLo.push(hash.lo);
    series.hashHi.push(hash.hi);
  }
}

function addScaled(into: Hash64, lo: Uint32Array, hi: Uint32Array, set: number, factor: number): void {
  addHash(into, Math.imul(lo[set], factor) >>> 0, Math.imul(hi[set], factor) >>> 0);
}
