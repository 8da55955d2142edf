import { createDemo, SHAPES, type Shape, shapeRequest } from '@lakewright/otlp';

/** A time in the past that all benchmarks start their telemetry at: ns since the epoch. */
export const START_NS = 1_760_000_000_000_000_000n;

export type Payload = 'demo-logs' | 'demo-spans' | 'demo-number-points' | Shape;
export const PAYLOADS: readonly Payload[] = ['demo-logs', 'demo-spans', 'demo-number-points', ...SHAPES];

export function signalOf(payload: Payload): 'logs' | 'traces' | 'metrics' {
  if (payload === 'demo-spans') return 'traces';
  return payload === 'demo-number-points' ? 'metrics' : 'logs';
}

/** One request of `records` records: what the demo sends, or one of the shapes that are hard on a lake. */
export function requestOf(payload: Payload, records: number, seed = 1): Uint8Array<ArrayBuffer> {
  if ((SHAPES as readonly string[]).includes(payload)) {
    return shapeRequest(payload as Shape, records, { seed, startNs: START_NS }).body;
  }
  const demo = createDemo({ seed, startNs: START_NS, rate: 10_000 });
  if (payload === 'demo-logs') return demo.logsRequest(records).body;
  return payload === 'demo-spans' ? demo.tracesRequest(records).body : demo.numberPointsRequest(records).body;
}
