import type { Signal } from '@lakewright/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import {
  attribute,
  field,
  gauge,
  logs,
  metrics,
  SPAN_ID,
  scopeGroup,
  span,
  spans,
  TRACE_ID,
} from '../../test/requests.ts';
import {
  DecodeContext,
  inspectRequest,
  LogsDecoder,
  MetricsDecoder,
  newCounts,
  TracesDecoder,
  WireError,
} from '../index.ts';

const SIGNALS: Signal[] = ['logs', 'traces', 'metrics'];

test('random bytes give an answer or a WireError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SIGNALS), fc.uint8Array({ maxLength: 200 }), (signal, bytes) => {
      onlyWireErrors(() => inspectRequest(signal, bytes));
    }),
    { numRuns: 3000 },
  );
});

const samples: [Signal, Uint8Array][] = [
  [
    'logs',
    encodeRequest(
      'logs',
      logs({
        time_unix_nano: 5,
        body: { array_value: { values: [{ int_value: -5 }] } },
        attributes: [attribute({ kvlist_value: { values: [attribute({ bool_value: true })] } })],
      }),
    ),
  ],
  [
    'traces',
    encodeRequest(
      'traces',
      spans(span({ events: [{ name: 'e' }], links: [{ trace_id: TRACE_ID, span_id: SPAN_ID }] })),
    ),
  ],
  [
    'metrics',
    encodeRequest(
      'metrics',
      metrics(
        {
          ...gauge({ as_int: -1, exemplars: [{ as_double: 1, span_id: SPAN_ID }] }),
          metadata: [attribute({ bytes_value: SPAN_ID })],
        },
        { histogram: { data_points: [{ bucket_counts: [1, 2], explicit_bounds: [1], sum: 3 }] } },
        {
          exponential_histogram: {
            data_points: [{ scale: -1, positive: { offset: 1, bucket_counts: [3, 400] } }],
          },
        },
        { summary: { data_points: [{ quantile_values: [{ quantile: 0.5, value: 1 }] }] } },
      ),
    ),
  ],
];

test('whatever is accepted with bytes changed, the column decoder can read', () => {
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (sample, changes) => {
        const [signal, original] = sample;
        const bytes = Uint8Array.from(original);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        const inspection = onlyWireErrors(() => inspectRequest(signal, bytes));
        if (inspection === undefined) return;
        const { records, rejected } = inspection;
        const counts = decode(signal, bytes);
        expect([counts.records, counts.rejected]).toEqual([records, rejected]);
      },
    ),
    { numRuns: 20_000 },
  );
});

test('fields that older protocols had are passed over by the inspection and by the column decoder', () => {
  // The `labels` of data points, StringKeyValue messages in field 1 until protocol 0.9.
  const label = field(0x0a, field(0x0a, Buffer.from('k')), field(0x12, Buffer.from('v')));
  for (const data of [0x2a, 0x3a, 0x4a, 0x5a]) {
    const bytes = scopeGroup(field(0x12, field(data, field(0x0a, label))));
    expect(inspectRequest('metrics', bytes)).toMatchObject({ records: 1, rejected: 0 });
    expect(decode('metrics', bytes)).toMatchObject({ records: 1, rejected: 0 });
  }
});

function decode(signal: Signal, bytes: Uint8Array) {
  const context = new DecodeContext();
  const counts = newCounts();
  const decoders = { logs: LogsDecoder, traces: TracesDecoder, metrics: MetricsDecoder };
  new decoders[signal](context).decode(bytes, 1n, counts);
  return counts;
}

function onlyWireErrors<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
