import { expect } from 'vitest';
import type { LakeProcess } from './lake-process.ts';
import { waitFor } from './wait.ts';

/** One request of a load: what it held and what came of it. */
export interface Sent {
  readonly id: string;
  readonly signal: 'logs' | 'traces' | 'metrics';
  readonly records: number;
  /** Acknowledged as stored, refused as not stored, or no answer came. */
  outcome: 'stored' | 'refused' | 'unknown';
}

/** Codes by which a receiver says that it stored nothing. */
const REFUSALS = [429, 503];

/** Where each signal's records end up, and under which attribute their request's id is. */
export const PLACES = {
  logs: { table: 'logs', attributes: 'log_attributes', item: 'body' },
  traces: { table: 'traces', attributes: 'span_attributes', item: 'span_name' },
  metrics: { table: 'gauge', attributes: 'metric_attributes', item: "metric_attributes['item']" },
} as const;

const SIGNALS = ['logs', 'traces', 'metrics'] as const;

/** An OTLP/JSON request whose every record carries the request's id and an item number of its own. */
export function numberedRequest(sent: Sent): string {
  const resource = { attributes: [text('service.name', `load-${sent.signal}`)] };
  const time = String(BigInt(Date.now()) * 1_000_000n);
  const items = Array.from({ length: sent.records }, (_, item) => item);
  const attributes = [text('request', sent.id)];
  switch (sent.signal) {
    case 'logs': {
      const logRecords = items.map((item) => ({
        timeUnixNano: time,
        body: { stringValue: String(item) },
        attributes,
      }));
      return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
    }
    case 'traces': {
      const spans = items.map((item) => ({
        traceId: '1'.repeat(32),
        spanId: (item + 1).toString(16).padStart(16, '0'),
        name: String(item),
        startTimeUnixNano: time,
        endTimeUnixNano: time,
        attributes,
      }));
      return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    }
    case 'metrics': {
      const dataPoints = items.map((item) => ({
        timeUnixNano: time,
        asInt: item,
        attributes: [...attributes, text('item', String(item))],
      }));
      const metrics = [{ name: 'load', gauge: { dataPoints } }];
      return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
    }
  }
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}

/**
 * Sends requests one after the other, of all signals in turn, until `stopped` or until nobody answers.
 * What is sent is added to `sent` before it goes out.
 */
export async function sendUntil(
  name: string,
  lake: LakeProcess,
  stopped: () => boolean,
  sent: Sent[],
): Promise<void> {
  for (let number = 0; !stopped(); number++) {
    const request: Sent = {
      id: `${name}-${number}`,
      signal: SIGNALS[number % SIGNALS.length],
      records: 1 + ((number * 7) % 40),
      outcome: 'unknown',
    };
    sent.push(request);
    try {
      await send(lake, request);
    } catch (error) {
      // fetch says so when nobody answers: the request may or may not have been stored.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

/** Sends one request and notes the outcome. Fails when it is partly stored or answered strangely. */
export async function send(lake: LakeProcess, request: Sent): Promise<Response> {
  const response = await lake.post(request.signal, numberedRequest(request));
  const answer = await response.text();
  if (response.status === 200 && !answer.includes('partialSuccess')) request.outcome = 'stored';
  else if (REFUSALS.includes(response.status)) request.outcome = 'refused';
  else throw new Error(`${request.id}: ${response.status} ${answer}`);
  return response;
}

/** Asks until all that was acknowledged is there and nothing is left to do; then counts every record. */
export async function expectExactlyOnce(lake: LakeProcess, sent: readonly Sent[]): Promise<void> {
  await waitFor(
    'every acknowledged record',
    async () => {
      const stored = await storedRequests(lake);
      return sent.every(({ id, outcome }) => outcome !== 'stored' || stored.has(id));
    },
    60_000,
  ).catch(() => undefined);
  await lake.settled(60_000);
  const stored = await storedRequests(lake);
  const faults = sent.filter((request) => !isRight(request, stored.get(request.id)));
  expect(faults.map((request) => ({ ...request, stored: stored.get(request.id) }))).toEqual([]);
  const known = new Set(sent.map(({ id }) => id));
  expect([...stored.keys()].filter((id) => !known.has(id))).toEqual([]);
}

interface Stored {
  readonly rows: number;
  readonly items: number;
}

/** Acknowledged: each record once. Refused: nothing. Not answered: the whole request once, or nothing. */
function isRight(request: Sent, stored: Stored | undefined): boolean {
  if (stored === undefined) return request.outcome !== 'stored';
  if (request.outcome === 'refused') return false;
  return stored.rows === request.records && stored.items === request.records;
}

async function storedRequests(lake: LakeProcess): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (const { table, attributes, item } of Object.values(PLACES)) {
    const rows = await lake.rows(
      `select ${attributes}['request'] as id, count(*) as "rows", count(distinct ${item}) as items
       from ${table} group by 1`,
    );
    for (const row of rows) {
      stored.set(String(row.id), { rows: Number(row.rows), items: Number(row.items) });
    }
  }
  return stored;
}
