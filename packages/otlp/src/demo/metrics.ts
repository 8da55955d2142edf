import { type AttributeValue, keyValues } from './encode.ts';
import type { Random } from './random.ts';
import { SCOPE, type Scope } from './shop.ts';

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exp_histogram' | 'summary';

/** Moves a number on by one collection. */
type Step = (random: Random, value: number, pace: number) => number;

export interface MetricSpec {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly description: Uint8Array;
  readonly unit: Uint8Array;
  readonly kind: MetricKind;
  readonly scope: Scope;
  readonly monotonic: boolean;
  /** Values are sent as integers. */
  readonly integer: boolean;
  /** Share of the series that this metric gets while it has some left. */
  readonly weight: number;
  /** The data point attributes of every series that it can have, most important first. */
  readonly series: readonly (readonly Uint8Array[])[];
  /** How many of the first series are busy; what the others count is seldom. */
  readonly busy: number;
  /** A series' first value, from its pace (0 to 1: how busy what it measures is). */
  readonly first: (pace: number) => number;
  readonly step: Step;
}

type Attributes = Readonly<Record<string, AttributeValue>>;

function product(...dimensions: readonly Attributes[][]): Uint8Array[][] {
  const combined = dimensions.reduce<Attributes[]>(
    (all, dimension) => all.flatMap((left) => dimension.map((right) => ({ ...left, ...right }))),
    [{}],
  );
  return combined.map((attributes) => [...keyValues(attributes)]);
}

const values = (key: string, ...list: readonly AttributeValue[]): Attributes[] =>
  list.map((value) => ({ [key]: value }));
const numbered = (key: string, count: number): Attributes[] =>
  Array.from({ length: count }, (_, n) => ({ [key]: n }));

const ROUTES: Attributes[] = [
  { 'http.request.method': 'GET', 'http.route': '/' },
  { 'http.request.method': 'GET', 'http.route': '/product/{id}' },
  { 'http.request.method': 'GET', 'http.route': '/cart' },
  { 'http.request.method': 'POST', 'http.route': '/cart' },
  { 'http.request.method': 'POST', 'http.route': '/checkout' },
  { 'http.request.method': 'GET', 'http.route': '/healthz' },
];
const TABLES = values('db.collection.name', 'products', 'orders', 'charges', 'shipments', 'carts', 'users');

const encoder = new TextEncoder();
const within = (low: number, high: number, value: number) => Math.min(high, Math.max(low, value));
const walk =
  (low: number, high: number, stride: number, grain: number): Step =>
  (random, value) => {
    if (random.chance(0.35)) return value;
    const moved = Math.round((value + (random.float() - 0.5) * 2 * stride) / grain) * grain;
    return within(low, high, grain < 1 ? Number(moved.toFixed(4)) : moved);
  };
const counter =
  (most: number): Step =>
  (random, value, pace) =>
    value + Math.trunc(random.float() * most * pace * pace);

function spec(
  kind: MetricKind,
  name: string,
  unit: string,
  description: string,
  scope: Scope,
  weight: number,
  series: readonly (readonly Uint8Array[])[],
  model: {
    first?: (pace: number) => number;
    step: Step;
    integer?: boolean;
    monotonic?: boolean;
    busy?: number;
  },
): MetricSpec {
  return {
    name,
    nameBytes: encoder.encode(name),
    description: encoder.encode(description),
    unit: encoder.encode(unit),
    kind,
    scope,
    weight,
    series,
    busy: model.busy ?? series.length,
    first: model.first ?? (() => 0),
    step: model.step,
    integer: model.integer ?? true,
    monotonic: model.monotonic ?? kind === 'sum',
  };
}

/** What the shop measures. A point stream takes as many series of it as its rate asks for. */
export const METRICS: readonly MetricSpec[] = [
  spec(
    'gauge',
    'process.cpu.utilization',
    '1',
    'Share of the CPU time that the process used',
    SCOPE.runtime,
    6,
    product(values('cpu.mode', 'user', 'system')),
    {
      first: (pace) => Number((0.1 + pace / 3).toFixed(3)),
      step: walk(0, 1, 0.03, 0.005),
      integer: false,
    },
  ),
  spec('gauge', 'process.memory.rss', 'By', 'Resident memory', SCOPE.runtime, 5, product([{}]), {
    first: (pace) => (900 + Math.trunc(pace * 600)) * 65_536,
    step: walk(64 * 1_048_576, 512 * 1_048_576, 1_048_576, 65_536),
  }),
  spec(
    'gauge',
    'messaging.consumer.lag',
    '{message}',
    'Messages that wait in a partition',
    SCOPE.messaging,
    12,
    product(
      values('messaging.destination.name', 'orders', 'payments', 'prices', 'mails'),
      numbered('messaging.destination.partition.id', 96),
    ),
    {
      step: walk(0, 900, 3, 1),
    },
  ),
  spec(
    'gauge',
    'shop.queue.size',
    '{item}',
    'Items in a work queue',
    SCOPE.application,
    5,
    product(
      values('queue.name', 'labels', 'mails', 'thumbnails', 'refunds'),
      values('queue.priority', 'high', 'normal'),
    ),
    {
      first: (pace) => Math.trunc(pace * 20),
      step: walk(0, 200, 2, 1),
    },
  ),
  spec(
    'gauge',
    'cache.entries',
    '{entry}',
    'Entries in a cache shard',
    SCOPE.application,
    12,
    product(numbered('cache.shard', 256)),
    {
      first: (pace) => 100 + Math.trunc(pace * 900),
      step: walk(0, 2000, 4, 1),
    },
  ),
  spec(
    'sum',
    'http.server.request.count',
    '{request}',
    'Requests answered',
    SCOPE.http,
    16,
    product(values('http.response.status_code', 200, 500, 404), ROUTES),
    {
      step: counter(300),
      busy: ROUTES.length,
    },
  ),
  spec(
    'sum',
    'http.server.active_requests',
    '{request}',
    'Requests in progress',
    SCOPE.http,
    6,
    product(ROUTES),
    {
      step: walk(0, 40, 2, 1),
      monotonic: false,
    },
  ),
  spec(
    'sum',
    'db.client.operation.count',
    '{operation}',
    'Database operations',
    SCOPE.database,
    14,
    product(numbered('db.shard', 24), TABLES, values('db.operation.name', 'SELECT', 'INSERT', 'UPDATE')),
    {
      step: counter(150),
    },
  ),
  spec(
    'sum',
    'system.network.io',
    'By',
    'Bytes over the network',
    SCOPE.runtime,
    4,
    product(
      values('network.io.direction', 'receive', 'transmit'),
      values('network.interface.name', 'eth0', 'lo'),
    ),
    {
      step: counter(3_000_000),
    },
  ),
  spec(
    'histogram',
    'http.server.request.duration',
    's',
    'Duration of requests',
    SCOPE.http,
    10,
    product(values('http.response.status_code', 200, 500), ROUTES),
    { step: counter(60), busy: ROUTES.length },
  ),
  spec(
    'histogram',
    'db.client.operation.duration',
    's',
    'Duration of database operations',
    SCOPE.database,
    4,
    product(numbered('db.shard', 8), TABLES),
    { step: counter(60) },
  ),
  spec(
    'exp_histogram',
    'rpc.client.call.duration',
    'ms',
    'Duration of calls to other services',
    SCOPE.http,
    4,
    product(values('server.address', 'cart', 'catalog', 'payment', 'shipping', 'recommendation', 'email')),
    { step: counter(40) },
  ),
  spec(
    'summary',
    'runtime.gc.pause',
    'ms',
    'Pauses for garbage collection',
    SCOPE.runtime,
    3,
    product(values('gc.generation', 'young', 'old')),
    { step: counter(6) },
  ),
];

/**
 * `count` series in the metrics' proportions, those of one metric together. Fewer when the metrics have no
 * more.
 */
export function chooseSeries(
  metrics: readonly MetricSpec[],
  count: number,
): { metric: MetricSpec; attributes: readonly Uint8Array[]; busy: boolean }[] {
  const taken = metrics.map(() => 0);
  const available = metrics.reduce((sum, metric) => sum + metric.series.length, 0);
  for (let n = 0; n < Math.min(count, available); n++) {
    let best = -1;
    metrics.forEach((metric, i) => {
      if (taken[i] === metric.series.length) return;
      if (best < 0 || taken[i] / metric.weight < taken[best] / metrics[best].weight) best = i;
    });
    taken[best]++;
  }
  return metrics.flatMap((metric, i) =>
    metric.series.slice(0, taken[i]).map((attributes, n) => ({ metric, attributes, busy: n < metric.busy })),
  );
}
