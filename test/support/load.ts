/** One request of a load: what it held and whether it was acknowledged. */
export interface Sent {
  readonly id: string;
  readonly signal: 'logs' | 'traces' | 'metrics';
  readonly records: number;
  acknowledged: boolean;
}

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
 * What was sent is added to `sent` before it goes out, and marked when it is acknowledged.
 */
export async function sendUntil(
  name: string,
  post: (signal: Sent['signal'], body: string) => Promise<Response>,
  stopped: () => boolean,
  sent: Sent[],
): Promise<void> {
  for (let number = 0; !stopped(); number++) {
    const request: Sent = {
      id: `${name}-${number}`,
      signal: SIGNALS[number % SIGNALS.length],
      records: 1 + ((number * 7) % 40),
      acknowledged: false,
    };
    sent.push(request);
    try {
      const response = await post(request.signal, numberedRequest(request));
      const body = await response.text();
      request.acknowledged = response.status === 200 && !body.includes('partialSuccess');
    } catch {
      // Nobody answered: it may or may not have been stored.
      return;
    }
  }
}
