import type { Signal } from '@lakewright/core';
import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import {
  arrays,
  field,
  gauge,
  type Json,
  KEY,
  logs,
  MAX_INT64,
  maps,
  metrics,
  PAST_INT64,
  RECORD,
  resourceGroup,
  SPAN_ID,
  scopeGroup,
  span,
  spans,
  TRACE_ID,
  varint,
} from '../../test/requests.ts';
import { inspectRequest, WireError } from '../index.ts';

const inspect = (signal: Signal, request: Json | Buffer) =>
  inspectRequest(signal, Buffer.isBuffer(request) ? request : encodeRequest(signal, request));

describe('counting', () => {
  test.each<[string, Signal, Json, number]>([
    ['no bytes', 'logs', {}, 0],
    ['a resource without scopes', 'logs', { resource_logs: [{ resource: {} }] }, 0],
    ['two log records', 'logs', logs({ body: { string_value: 'a' } }, {}), 2],
    ['a span', 'traces', spans(span()), 1],
    ['a metric without data', 'metrics', metrics({ name: 'm' }), 0],
    ['points, not metrics', 'metrics', metrics(gauge({ as_int: 1 }, { as_double: 2 }), gauge({})), 3],
    ['a histogram', 'metrics', metrics({ histogram: { data_points: [{ bucket_counts: [1, 2] }] } }), 1],
    [
      'an exponential histogram',
      'metrics',
      metrics({ exponential_histogram: { data_points: [{ positive: { bucket_counts: [1, 300] } }] } }),
      1,
    ],
    ['a summary', 'metrics', metrics({ summary: { data_points: [{}, {}] } }), 2],
  ])('%s', (_, signal, request, records) => {
    expect(inspect(signal, request)).toEqual({ records, rejected: 0, reasons: [], warnings: [] });
  });
});

describe('records that cannot be stored are counted with their reason, the others stay', () => {
  const depth = 'a value nests deeper than 64 levels';
  const group = 'a resource or scope attribute nests deeper than 64 levels';
  const time = 'a time is past 2262-04-11 (2^63-1 ns)';
  const count = 'a count is above 2^63-1';
  const spanIds = 'a span needs a trace_id of 16 bytes, a span_id of 8 and a parent_span_id of 0 or 8';
  const linkIds = 'a link needs a trace_id of 16 bytes and a span_id of 8';
  const link = { trace_id: TRACE_ID, span_id: SPAN_ID };
  test.each<[string, Signal, Json | Buffer, number, string]>([
    ['body 65 deep', 'logs', scopeGroup(field(0x12, field(0x2a, arrays(65))), RECORD), 1, depth],
    ['body 1,000 deep', 'logs', scopeGroup(field(0x12, field(0x2a, arrays(1000))), RECORD), 1, depth],
    [
      'log attribute of maps 65 deep',
      'logs',
      scopeGroup(field(0x12, field(0x32, KEY, field(0x12, maps(65)))), RECORD),
      1,
      depth,
    ],
    [
      'a member without a value at level 65',
      'logs',
      scopeGroup(field(0x12, field(0x2a, maps(65, 'nothing'))), RECORD),
      1,
      depth,
    ],
    [
      'event attribute too deep',
      'traces',
      scopeGroup(
        field(
          0x12,
          field(0x0a, TRACE_ID),
          field(0x12, SPAN_ID),
          field(0x5a, field(0x1a, field(0x12, arrays(65)))),
        ),
        field(0x12, field(0x0a, TRACE_ID), field(0x12, SPAN_ID)),
      ),
      1,
      depth,
    ],
    [
      'resource attribute too deep, the resource last',
      'logs',
      Buffer.concat([
        resourceGroup(field(0x12, RECORD, RECORD), field(0x0a, field(0x0a, field(0x12, arrays(65))))),
        scopeGroup(RECORD),
      ]),
      2,
      group,
    ],
    [
      'scope attribute too deep',
      'logs',
      resourceGroup(
        field(0x12, field(0x0a, field(0x1a, field(0x12, arrays(65)))), RECORD),
        field(0x12, RECORD),
      ),
      1,
      group,
    ],
    [
      'metric metadata too deep',
      'metrics',
      scopeGroup(
        field(0x12, field(0x2a, field(0x0a), field(0x0a)), field(0x62, field(0x12, arrays(65)))),
        field(0x12, field(0x2a, field(0x0a))),
      ),
      2,
      depth,
    ],
    ['time', 'logs', logs({ time_unix_nano: PAST_INT64 }, { time_unix_nano: MAX_INT64 }), 1, time],
    ['observed time', 'logs', logs({ observed_time_unix_nano: '18446744073709551615' }, {}), 1, time],
    ['span end', 'traces', spans(span({ end_time_unix_nano: PAST_INT64 }), span()), 1, time],
    ['event time', 'traces', spans(span({ events: [{ time_unix_nano: PAST_INT64 }] }), span()), 1, time],
    ['point time', 'metrics', metrics(gauge({ time_unix_nano: PAST_INT64 }, {})), 1, time],
    [
      'exemplar time',
      'metrics',
      metrics(gauge({ exemplars: [{ time_unix_nano: PAST_INT64 }] }, {})),
      1,
      time,
    ],
    ['no trace id', 'traces', spans(span({ trace_id: Buffer.alloc(0) }), span()), 1, spanIds],
    ['short trace id', 'traces', spans(span({ trace_id: Buffer.alloc(15) }), span()), 1, spanIds],
    ['long span id', 'traces', spans(span({ span_id: Buffer.alloc(9) }), span()), 1, spanIds],
    ['parent id of 4', 'traces', spans(span({ parent_span_id: Buffer.alloc(4) }), span()), 1, spanIds],
    ['link without ids', 'traces', spans(span({ links: [link, {}] }), span({ links: [link] })), 1, linkIds],
    [
      'bucket count',
      'metrics',
      metrics({ histogram: { data_points: [{ bucket_counts: [1, PAST_INT64] }, {}] } }),
      1,
      count,
    ],
    [
      'count',
      'metrics',
      metrics({ summary: { data_points: [{ count: PAST_INT64 }, { count: MAX_INT64 }] } }),
      1,
      count,
    ],
    [
      'exponential bucket count',
      'metrics',
      metrics({
        exponential_histogram: {
          data_points: [
            { negative: { bucket_counts: [PAST_INT64] } },
            { negative: { bucket_counts: [MAX_INT64] } },
          ],
        },
      }),
      1,
      count,
    ],
    [
      'zero count',
      'metrics',
      metrics({ exponential_histogram: { data_points: [{ zero_count: PAST_INT64 }, {}] } }),
      1,
      count,
    ],
  ])('%s', (_, signal, request, rejected, reason) => {
    const inspection = inspect(signal, request);
    expect(inspection).toMatchObject({ records: 1, rejected, reasons: [reason], warnings: [] });
  });

  test('a body 64 deep, ids of zeros and times of 0 and 2262 are fine', () => {
    const bodies = [arrays(64), maps(64), maps(64, 'nothing')].map((body) => field(0x12, field(0x2a, body)));
    expect(inspect('logs', scopeGroup(...bodies))).toMatchObject({ records: 3, rejected: 0 });
    const zeros = span({
      trace_id: Buffer.alloc(16),
      span_id: Buffer.alloc(8),
      end_time_unix_nano: MAX_INT64,
    });
    expect(inspect('traces', spans(zeros))).toMatchObject({ records: 1, rejected: 0 });
  });

  test('values nested 100,000 deep do not overflow the stack', () => {
    const heads: Buffer[] = [];
    let size = 0;
    // From the inside out: ArrayValue{values} and AnyValue{array_value} in turn.
    for (let i = 0; i < 100_000; i++) {
      heads.push(Buffer.from([i % 2 === 0 ? 0x0a : 0x2a, ...varint(size)]));
      size += heads[i].length;
    }
    const bytes = scopeGroup(field(0x12, field(0x2a, ...heads.reverse())));
    expect(inspectRequest('logs', bytes)).toMatchObject({ records: 0, rejected: 1, reasons: [depth] });
  });
});

describe('warnings', () => {
  test.each<[string, Signal, Json, RegExp]>([
    [
      'log ids',
      'logs',
      logs({ trace_id: Buffer.alloc(3), span_id: Buffer.alloc(9) }),
      /^2 trace_id or span_id/,
    ],
    [
      'exemplar ids',
      'metrics',
      metrics(gauge({ exemplars: [{ trace_id: Buffer.alloc(1) }] })),
      /^1 trace_id/,
    ],
  ])('%s of a wrong length', (_, signal, request, warning) => {
    const { records, rejected, warnings } = inspect(signal, request);
    expect({ records, rejected, count: warnings.length }).toEqual({ records: 1, rejected: 0, count: 1 });
    expect(warnings[0]).toMatch(warning);
  });

  test.each([
    ['short', Buffer.from('caf\xe9', 'latin1'), 1],
    ['long', Buffer.concat([Buffer.alloc(100, 0x61), Buffer.from([0xff])]), 1],
    ['surrogate', Buffer.from([0xed, 0xa0, 0x80]), 1],
    ['cut off', Buffer.from([0xe2, 0x82]), 1],
    ['good', Buffer.from('naïve – ✓ 🚀'), 0],
  ])('%s text', (_, text, count) => {
    // LogRecord.severity_text
    const bytes = scopeGroup(field(0x12, field(0x1a, text)));
    expect(inspectRequest('logs', bytes).warnings).toHaveLength(count);
  });
});

describe('bytes that are no message', () => {
  const good = Buffer.from(encodeRequest('logs', logs({}, { body: { string_value: 'hello' } })));
  test.each<[string, Signal, Buffer, RegExp]>([
    [
      'truncated',
      'logs',
      good.subarray(0, good.length - 1),
      /^resource_logs\[0\]: a value reaches past the end/,
    ],
    ['length past the end', 'logs', Buffer.from([0x0a, 0x7f, 0]), /resource_logs\[0\]: .* at byte \d of 3/],
    [
      'path with indexes',
      'logs',
      scopeGroup(Buffer.from([0x12, 0x00, 0x12, 0x02, 0x2a, 0x05])),
      /^resource_logs\[0\]\.scope_logs\[0\]\.log_records\[1\]\.body: /,
    ],
    [
      'known field, wrong wire type',
      'logs',
      Buffer.from([0x08, 0x01]),
      /resource_logs\[0\]: wire type 0 where 2/,
    ],
    [
      'time as varint',
      'logs',
      scopeGroup(field(0x12, Buffer.from([0x08, 1]))),
      /time_unix_nano: wire type 0/,
    ],
    [
      'packed where nothing repeats',
      'logs',
      scopeGroup(field(0x12, Buffer.from([0x12, 0]))),
      /severity_number/,
    ],
    ['field number 0', 'logs', Buffer.from([0x02, 0x00]), /field number 0 at byte/],
    ['a group', 'logs', Buffer.from([0x7b, 0x7c]), /field 15: unsupported wire type 3/],
    ['wire type 6', 'logs', Buffer.from([0x0e]), /unsupported wire type 6/],
    [
      'an endless varint',
      'logs',
      Buffer.concat([Buffer.from([0x78]), Buffer.alloc(11, 0x80)]),
      /longer than 10/,
    ],
    [
      'a field number past 2^29-1',
      'logs',
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f, 0]),
      /field number above/,
    ],
    ['a length past 2^53', 'logs', Buffer.from([0x0a, ...new Array(9).fill(0xff), 1]), /past the end/],
    [
      'packed counts of 9 bytes',
      'metrics',
      scopeGroup(field(0x12, field(0x4a, field(0x0a, field(0x32, Buffer.alloc(9)))))),
      /bucket_counts\[0\]: a packed field that is no multiple of 8/,
    ],
    ['text', 'traces', Buffer.from('hello, world'), /byte/],
  ])('%s', (_, signal, bytes, message) => {
    const attempt = () => inspectRequest(signal, bytes);
    expect(attempt).toThrow(WireError);
    expect(attempt).toThrow(message);
  });

  test('unknown fields of valid form are passed over', () => {
    const unknown = Buffer.from([
      0x78, 0x01, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x7a, 0x01, 0xff, 0x7d, 0, 0, 0, 0,
    ]);
    const bytes = Buffer.concat([unknown, scopeGroup(field(0x12, unknown, unknown))]);
    expect(inspectRequest('logs', bytes)).toMatchObject({ records: 1, rejected: 0 });
  });
});
