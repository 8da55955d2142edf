import { createHash } from 'node:crypto';
import { ConfigError, type Signal } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { decodeLogs, decodeMetrics, decodeTraces } from '../../test/demo-decode.ts';
import { createDemo, type DemoBatch, inspectRequest, SHAPES, shapeRequest } from '../index.ts';

const START = 1_790_000_000_000_000_000n;
const demo = (rate = 2000, seed = 7, maxRequestBytes?: number) =>
  createDemo({ seed, startNs: START, rate, maxRequestBytes });

function play(seconds: number, rate = 2000, seed = 7): DemoBatch[] {
  const shop = demo(rate, seed);
  return Array.from({ length: seconds * 10 }, () => shop.next(100)).flat();
}

const bodies = (batches: readonly DemoBatch[], signal: Signal) =>
  batches.filter((batch) => batch.signal === signal).map((batch) => batch.body);
const spansOf = (batches: readonly DemoBatch[]) => bodies(batches, 'traces').flatMap(decodeTraces);
const logsOf = (batches: readonly DemoBatch[]) => bodies(batches, 'logs').flatMap(decodeLogs);
const pointsOf = (batches: readonly DemoBatch[]) => bodies(batches, 'metrics').flatMap(decodeMetrics);

describe('rate', () => {
  it.each([
    [1000, 100, 30],
    [777, 33, 50],
    [3, 250, 40],
    [50_000, 20, 10],
  ])('%i records/s in steps of %i ms are met exactly', (rate, step, steps) => {
    const shop = demo(rate);
    let records = 0;
    for (let i = 1; i <= steps; i++) {
      for (const batch of shop.next(step)) records += batch.records;
      expect(records).toBe(Math.floor((rate * step * i) / 1000));
    }
  });

  it('divides the rate between the signals as documented', () => {
    const counts: Record<Signal, number> = { logs: 0, traces: 0, metrics: 0 };
    for (const batch of play(10)) counts[batch.signal] += batch.records;
    expect(counts).toEqual({ logs: 12_000, traces: 5000, metrics: 3000 });
  });

  it('reports the records that the bodies hold', () => {
    for (const batch of play(2)) {
      const decode = { logs: decodeLogs, traces: decodeTraces, metrics: decodeMetrics }[batch.signal];
      expect(decode(batch.body)).toHaveLength(batch.records);
    }
  });

  it('sends nothing that the receivers reject or warn about', () => {
    for (const { signal, body, records } of play(5)) {
      expect(inspectRequest(signal, body)).toEqual({ records, rejected: 0, reasons: [], warnings: [] });
    }
  });

  it('closes requests at the size that is asked for', () => {
    const batches = demo(20_000, 7, 64 * 1024).next(1000);
    expect(batches.length).toBeGreaterThan(20);
    for (const batch of batches) expect(batch.body.length).toBeLessThan(110 * 1024);
  });

  it.each([0, -5, Number.NaN, 1e9])('refuses a rate of %d', (rate) => {
    expect(() => demo(rate)).toThrow(ConfigError);
  });

  it.each([-1, 1.5, 2 ** 53])('refuses seed %d', (seed) => {
    expect(() => demo(1, seed)).toThrow(ConfigError);
  });
});

describe('repeatability', () => {
  const digest = (batches: readonly DemoBatch[]) => {
    const hash = createHash('sha256');
    for (const batch of batches) hash.update(batch.signal).update(batch.body);
    return hash.digest('hex');
  };

  it('sends the same bytes for the same seed and others for another', () => {
    expect(digest(play(3))).toBe(digest(play(3)));
    expect(digest(play(3, 2000, 8))).not.toBe(digest(play(3)));
  });

  it('makes the same requests for benchmarks', () => {
    for (const name of ['logsRequest', 'tracesRequest', 'pointsRequest', 'numberPointsRequest'] as const) {
      expect(digest([demo()[name](500)])).toBe(digest([demo()[name](500)]));
    }
  });
});

describe('traces', () => {
  const spans = spansOf(play(20));
  const byId = new Map(spans.map((span) => [span.spanId, span]));

  it('are trees whose spans lie within their parents', () => {
    expect(byId.size).toBe(spans.length);
    let children = 0;
    const last = spans.at(-1)?.traceId;
    for (const span of spans) {
      expect(span.end).toBeGreaterThan(span.start);
      if (span.parentSpanId === '' || span.traceId === last) continue;
      const parent = byId.get(span.parentSpanId);
      expect(parent?.traceId).toBe(span.traceId);
      expect(parent && parent.start <= span.start && parent.end >= span.end).toBe(true);
      children++;
    }
    expect(children).toBeGreaterThan(spans.length * 0.7);
  });

  it('pass from a client span to a server span of the service that it names', () => {
    const servers = spans.filter((span) => span.kind === 2 && span.parentSpanId !== '');
    expect(servers.length).toBeGreaterThan(1000);
    for (const server of servers) {
      const client = byId.get(server.parentSpanId);
      expect(client?.kind).toBe(3);
      expect(client?.attributes['server.address']).toBe(server.resource['service.name']);
      expect(server.attributes['http.response.status_code']).toBeGreaterThanOrEqual(200);
    }
  });

  it('fail now and then, with an exception event where the fault is', () => {
    const failed = spans.filter((span) => span.status === 2);
    expect(failed.length / spans.length).toBeGreaterThan(0.005);
    expect(failed.length / spans.length).toBeLessThan(0.025);
    const origins = failed.filter((span) => span.events.includes('exception'));
    expect(new Set(origins.map((span) => span.traceId))).toEqual(new Set(failed.map((span) => span.traceId)));
  });

  it('link a mail to the order that it is about', () => {
    const linked = spans.filter((span) => span.links.length > 0);
    expect(linked.length).toBeGreaterThan(5);
    for (const span of linked) {
      const target = byId.get(span.links[0].spanId);
      expect(target?.traceId).toBe(span.links[0].traceId);
      expect(target?.kind).toBe(4);
      expect(span.kind).toBe(5);
    }
  });

  it('never lie in the future', () => {
    const shop = demo();
    let now = START;
    for (let i = 0; i < 50; i++) {
      now += 100_000_000n;
      const batches = shop.next(100);
      const times = [
        ...spansOf(batches).map((span) => span.end),
        ...logsOf(batches).map((log) => log.time),
        ...pointsOf(batches).map((point) => point.time),
      ];
      for (const time of times) expect(time).toBeLessThanOrEqual(now);
    }
  });
});

describe('logs', () => {
  const batches = play(20);
  const logs = logsOf(batches);

  it('carry the ids of spans of their own service that were sent and were running', () => {
    const spans = new Map(spansOf(batches).map((span) => [span.spanId, span]));
    const traced = logs.filter((log) => log.spanId !== '');
    expect(traced.length).toBeGreaterThan(logs.length * 0.4);
    // The spans of the trace at hand may be due later than its logs, by less than a trace.
    const missing = traced.filter((log) => !spans.has(log.spanId));
    expect(new Set(missing.map((log) => log.traceId)).size).toBeLessThanOrEqual(1);
    for (const log of traced) {
      const span = spans.get(log.spanId);
      if (span === undefined) continue;
      expect(span.traceId).toBe(log.traceId);
      expect(span.resource['service.instance.id']).toBe(log.resource['service.instance.id']);
      expect(log.time >= span.start && log.time <= span.end).toBe(true);
    }
  });

  it('have the mix of severities of a healthy system', () => {
    const share = (text: string) => logs.filter((log) => log.severityText === text).length / logs.length;
    expect(share('INFO')).toBeCloseTo(0.85, 2);
    expect(share('DEBUG')).toBeCloseTo(0.08, 2);
    expect(share('WARN')).toBeCloseTo(0.05, 2);
    expect(share('ERROR')).toBeCloseTo(0.02, 2);
    expect(share('ERROR')).toBeGreaterThan(0.005);
  });

  it('come from 8 services with 2 instances each, in many wordings with 3 to 6 attributes', () => {
    expect(new Set(logs.map((log) => log.resource['service.name'])).size).toBe(8);
    expect(new Set(logs.map((log) => log.resource['service.instance.id'])).size).toBe(16);
    const wordings = new Set(logs.map((log) => log.body.replaceAll(/[\d.]+|SKU-\w+|u-\d+/g, '#')));
    expect(wordings.size).toBeGreaterThan(35);
    for (const log of logs) {
      const count = Object.keys(log.attributes).length;
      expect(count >= 3 && count <= 6, `${log.body}: ${count}`).toBe(true);
    }
  });
});

describe('metrics', () => {
  const points = pointsOf(play(40));
  const series = Map.groupBy(points, (point) => point.series);

  it('are of all five kinds', () => {
    expect(new Set(points.map((point) => point.kind))).toEqual(
      new Set(['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']),
    );
  });

  it('report every series each 10 s or so', () => {
    const whole = [...series.values()].filter((list) => list.length > 1);
    expect(whole.length).toBeGreaterThan(2500);
    for (const list of whole) {
      for (let i = 1; i < list.length; i++) {
        const gap = Number(list[i].time - list[i - 1].time) / 1e9;
        expect(Math.abs(gap - 10)).toBeLessThan(1);
      }
    }
  });

  it('keep counters and distributions growing and consistent', () => {
    let grew = 0;
    for (const list of series.values()) {
      for (let i = 1; i < list.length; i++) {
        if (!list[i].monotonic) continue;
        expect(list[i].total).toBeGreaterThanOrEqual(list[i - 1].total);
        if (list[i].total > list[i - 1].total) grew++;
      }
    }
    expect(grew).toBeGreaterThan(100);
    for (const point of points) {
      if (point.buckets !== undefined) expect(point.buckets.reduce((a, b) => a + b, 0)).toBe(point.total);
      if (point.kind === 'histogram') expect(point.buckets).toHaveLength(point.bounds + 1);
    }
  });

  it('leaves only gauges and sums for the number benchmark', () => {
    const numbers = decodeMetrics(demo().numberPointsRequest(5000).body);
    expect(numbers).toHaveLength(5000);
    expect(new Set(numbers.map((point) => point.kind))).toEqual(new Set(['gauge', 'sum']));
  });
});

describe('shapes', () => {
  const make = (shape: (typeof SHAPES)[number]) => shapeRequest(shape, 50, { seed: 3, startNs: START });

  it.each(SHAPES)('%s are repeatable requests of the asked number of records', (shape) => {
    expect(Buffer.from(make(shape).body).equals(make(shape).body)).toBe(true);
    expect(decodeLogs(make(shape).body)).toHaveLength(50);
  });

  it('have what their names say', () => {
    const resources = decodeLogs(make('many-resources').body).map(
      (log) => log.resource['service.instance.id'],
    );
    expect(new Set(resources).size).toBe(50);
    for (const log of decodeLogs(make('wide-attributes').body))
      expect(Object.keys(log.attributes)).toHaveLength(30);
    for (const log of decodeLogs(make('long-bodies').body)) expect(log.body).toHaveLength(4096);
  });
});
