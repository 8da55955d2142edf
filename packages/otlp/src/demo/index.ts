import { ConfigError, type Signal } from '@lakewright/core';
import { LogStream } from './logs.ts';
import { PointStream } from './points.ts';
import { SpanStream } from './spans.ts';

/** One export request of the demo. */
export interface DemoBatch {
  readonly signal: Signal;
  /** An Export{Logs,Trace,Metrics}ServiceRequest in protobuf. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Log records, spans or data points in it. */
  readonly records: number;
}

export interface DemoOptions {
  /** The same seed, start and rate give the same bytes. An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Time of the first records, ns since the epoch; used to the microsecond. */
  readonly startNs: bigint;
  /** Records a second over the three signals together; above 0. See DEMO_SPLIT. */
  readonly rate: number;
  /** A request is closed when it reaches this many bytes; it ends at most a few KiB above. */
  readonly maxRequestBytes?: number;
}

/** How the rate is divided between the signals. */
export const DEMO_SPLIT: Readonly<Record<Signal, number>> = { logs: 0.6, traces: 0.25, metrics: 0.15 };

/** Default of DemoOptions.maxRequestBytes. */
export const DEMO_REQUEST_BYTES = 512 * 1024;

export interface Demo {
  /**
   * Lets `ms` milliseconds pass in the shop and returns what it sent meanwhile, no record later than the
   * new time. Over any span of time the records are the rate times that span, rounded down.
   */
  next(ms: number): DemoBatch[];
  /** The next `count` log records as one request, however much time they take: for benchmarks. */
  logsRequest(count: number): DemoBatch;
  /** The next `count` spans as one request. */
  tracesRequest(count: number): DemoBatch;
  /** The next `count` data points of all five kinds as one request. */
  pointsRequest(count: number): DemoBatch;
  /** The next `count` gauge and sum points as one request, from a stream of their own. */
  numberPointsRequest(count: number): DemoBatch;
}

/** What the streams of the three signals have in common. */
interface RecordStream {
  readonly size: number;
  add(count: number): void;
  takeRequest(): Uint8Array<ArrayBuffer>;
}

/** Records between two looks at the size of the request. */
const CHUNK = 64;

/**
 * A shop of eight services, two instances each, that sends what real ones would: request trees with errors
 * and links, logs written inside those requests (with the ids of spans that are sent too) and outside,
 * and metrics of all five kinds of which each series reports about every ten seconds (more seldom below
 * 170 records/s, more often above 130 k records/s).
 * Throws ConfigError when the rate or the seed cannot be used.
 */
export function createDemo(options: DemoOptions): Demo {
  const { seed, startNs, rate, maxRequestBytes = DEMO_REQUEST_BYTES } = options;
  if (!(rate > 0 && rate <= MOST_RATE)) {
    throw new ConfigError(`demo rate: ${rate} is not between 0 and ${MOST_RATE} records a second`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`demo seed: ${seed} is not an integer from 0 to 2^53 - 1`);
  }
  const startMicros = Number(startNs / 1000n);
  const spansPerSecond = rate * DEMO_SPLIT.traces;
  const logs = new LogStream(seed, startMicros, spansPerSecond, DEMO_SPLIT.logs / DEMO_SPLIT.traces);
  const traces = new SpanStream(seed, startMicros, spansPerSecond);
  const metrics = new PointStream(seed, startMicros, rate * DEMO_SPLIT.metrics, false);
  let numbers: PointStream | undefined;
  const streams: readonly [Signal, RecordStream][] = [
    ['logs', logs],
    ['traces', traces],
    ['metrics', metrics],
  ];
  const sent: Record<Signal, number> = { logs: 0, traces: 0, metrics: 0 };
  let elapsedMs = 0;

  const once = (signal: Signal, stream: RecordStream, count: number): DemoBatch => {
    stream.add(count);
    return { signal, body: stream.takeRequest(), records: count };
  };

  return {
    next(ms) {
      elapsedMs += ms;
      const due = dueRecords(rate, elapsedMs);
      return streams.flatMap(([signal, stream]) => {
        const count = due[signal] - sent[signal];
        sent[signal] = due[signal];
        return requests(signal, stream, count, maxRequestBytes);
      });
    },
    logsRequest: (count) => once('logs', logs, count),
    tracesRequest: (count) => once('traces', traces, count),
    pointsRequest: (count) => once('metrics', metrics, count),
    numberPointsRequest(count) {
      numbers ??= new PointStream(seed, startMicros, rate * DEMO_SPLIT.metrics, true);
      return once('metrics', numbers, count);
    },
  };
}

const MOST_RATE = 10_000_000;

/** The order in which the signals share twenty records, as evenly as can be. */
const TURNS: readonly Signal[] = Array.from({ length: 4 }, () => [
  'logs' as const,
  'traces' as const,
  'logs' as const,
  'logs' as const,
  'metrics' as const,
]).flat();
// The last turn of metrics goes to traces: 12, 5 and 3 of 20.
const CYCLE: readonly Signal[] = [...TURNS.slice(0, 19), 'traces'];

/** Records of each signal that are due after `elapsedMs`; together the rate times the time, rounded down. */
function dueRecords(rate: number, elapsedMs: number): Record<Signal, number> {
  const total = Math.floor((rate * elapsedMs) / 1000);
  const cycles = Math.floor(total / CYCLE.length);
  const due: Record<Signal, number> = { logs: cycles * 12, traces: cycles * 5, metrics: cycles * 3 };
  for (const signal of CYCLE.slice(0, total - cycles * CYCLE.length)) due[signal]++;
  return due;
}

function requests(signal: Signal, stream: RecordStream, count: number, maxBytes: number): DemoBatch[] {
  const batches: DemoBatch[] = [];
  let records = 0;
  for (let left = count; left > 0; ) {
    const chunk = Math.min(CHUNK, left);
    stream.add(chunk);
    records += chunk;
    left -= chunk;
    if (left === 0 || stream.size >= maxBytes) {
      batches.push({ signal, body: stream.takeRequest(), records });
      records = 0;
    }
  }
  return batches;
}
