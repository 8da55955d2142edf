import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toExportRequest } from './export-request.ts';
import { severityNumber } from './severities.ts';
import { decodeLogs, type Plain, type PlainRecord } from './testing/decode-logs.ts';

const ARRIVED = 1_700_000_000_000_000_000n;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function read(key: string, content: string | Uint8Array): { records: PlainRecord[]; notes: string[] } {
  const bytes = Buffer.from(content as string);
  const { body, notes } = toExportRequest({ key, signal: 'logs', bytes, arrivedNs: ARRIVED });
  const records = decodeLogs(body);
  for (const record of records) {
    expect(record.observed).toBe(ARRIVED);
    delete record.observed;
  }
  return { records, notes };
}

function one(json: string): PlainRecord {
  const { records } = read('a.ndjson', json);
  expect(records).toHaveLength(1);
  return records[0];
}

describe('fields that OpenTelemetry has', () => {
  it.each<[string, PlainRecord]>([
    ['{"time_unix_nano":"1709210096123456789"}', { time: 1_709_210_096_123_456_789n }],
    ['{"timeUnixNano":1709210096123456789}', { time: 1_709_210_096_123_456_789n }],
    ['{"time_unix_nano":5}', { time: 5n }],
    ['{"timestamp":"2024-02-29T12:34:56.1Z"}', { time: 1_709_210_096_100_000_000n }],
    ['{"@timestamp":1709210096123}', { time: 1_709_210_096_123_000_000n }],
    ['{"TIME":1709210096}', { time: 1_709_210_096_000_000_000n }],
    ['{"ts":1709210096.123456789}', { time: 1_709_210_096_123_456_789n }],
    ['{"datetime":"2024-02-29 12:34:56"}', { time: 1_709_210_096_000_000_000n }],
    ['{"Date":"2024-02-29 12:34:56"}', { time: 1_709_210_096_000_000_000n }],
    [
      '{"ts":1709210096,"time":1709210097}',
      { time: 1_709_210_097_000_000_000n, attributes: { ts: 1_709_210_096n } },
    ],
    ['{"timestamp":null,"ts":1709210096}', { time: 1_709_210_096_000_000_000n }],
    ['{"level":"warn"}', { severity: 13, severityText: 'warn' }],
    ['{"Level":30}', { severity: 9, severityText: '30' }],
    ['{"severity_text":"odd"}', { severityText: 'odd' }],
    ['{"log.level":"ERROR2","lvl":"x"}', { severity: 18, severityText: 'ERROR2', attributes: { lvl: 'x' } }],
    ['{"severity":"info","severity_number":12}', { severity: 12, severityText: 'info' }],
    ['{"severity_number":25}', { attributes: { severity_number: 25n } }],
    ['{"level":{"a":1}}', { attributes: { level: { a: 1n } } }],
    ['{"message":"m","body":"b"}', { body: 'b', attributes: { message: 'm' } }],
    ['{"msg":""}', { body: '' }],
    ['{"log":{"a":[1,"x",true]}}', { body: { a: [1n, 'x', true] } }],
    ['{"data":1.5}', { body: 1.5 }],
    ['{"event":9007199254740993}', { body: 9_007_199_254_740_993n }],
    [`{"trace_id":"${TRACE.toUpperCase()}","spanId":"${SPAN}"}`, { traceId: TRACE, spanId: SPAN }],
    ['{"traceId":"12","span_id":7}', { attributes: { traceId: '12', span_id: 7n } }],
    [`{"trace_id":"${'g'.repeat(32)}"}`, { attributes: { trace_id: 'g'.repeat(32) } }],
    ['{"service.name":"cart","service":"x"}', { service: 'cart', attributes: { service: 'x' } }],
    ['{"service_name":"cart"}', { service: 'cart' }],
    ['{"service":{"name":"cart"}}', { attributes: { service: { name: 'cart' } } }],
  ])('%s', (json, expected) => {
    expect(one(json)).toEqual(expected);
  });
});

describe('attributes keep their JSON type', () => {
  it.each<[string, Plain]>([
    ['"text"', 'text'],
    ['""', ''],
    ['true', true],
    ['0', 0n],
    ['-1', -1n],
    ['1.0', 1n],
    ['1.25', 1.25],
    ['-0', -0],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775808', '9223372036854775808'],
    ['1e400', '1e400'],
    ['-1E+999', '-1E+999'],
    ['1e20', 1e20],
    ['0.12345678901234567', Number('0.12345678901234567')],
    ['12345678901234567.5', Number('12345678901234567.5')],
    ['[]', []],
    ['[1,null,{"a":null,"b":[2.5]}]', [1n, null, { b: [2.5] }]],
    [
      '{"__proto__":1,"":2}',
      Object.fromEntries([
        ['__proto__', 1n],
        ['', 2n],
      ]),
    ],
  ])('%s', (json, expected) => {
    expect(one(`{"x":${json}}`).attributes).toEqual({ x: expected });
  });

  it('null is absent', () => {
    expect(one('{"a":null,"body":null,"b":1}')).toEqual({ attributes: { b: 1n } });
  });

  it.each([64, 65, 5000])(
    '%d levels are written so that the decoder sees whether they are too many',
    (levels) => {
      const { body } = toExportRequest({
        key: 'a.ndjson',
        signal: 'logs',
        bytes: Buffer.from(`{"x":${'['.repeat(levels - 1)}1e999${']'.repeat(levels - 1)}}`),
        arrivedNs: ARRIVED,
      });
      let value = decodeLogs(body)[0].attributes?.x;
      let depth = 1;
      for (; Array.isArray(value) && value.length > 0; depth++) value = value[0];
      expect(depth).toBe(Math.min(levels, 65));
    },
  );
});

describe('what is stored otherwise than it was sent is noted', () => {
  it.each<[string | Uint8Array, PlainRecord, string[]]>([
    [
      '{"timestamp":"0000-01-01T00:00:00Z","ts":1709210096}',
      { attributes: { timestamp: '0000-01-01T00:00:00Z', ts: 1_709_210_096n } },
      ['line 1: "timestamp" is no time that can be stored; it is kept as an attribute'],
    ],
    [
      '{"Time":"9999-12-31T23:59:59Z"}',
      { attributes: { Time: '9999-12-31T23:59:59Z' } },
      ['line 1: "Time" is no time that can be stored; it is kept as an attribute'],
    ],
    [
      Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      { attributes: { a: '\uFFFD' } },
      ['line 1: text that is not valid UTF-8 is stored with U+FFFD in its place'],
    ],
    [
      '{"a":"\\ud800"}',
      { attributes: { a: '\uFFFD' } },
      ['line 1: text that is not valid UTF-8 is stored with U+FFFD in its place'],
    ],
  ])('%s', (content, record, notes) => {
    expect(read('a.ndjson', content)).toEqual({ records: [record], notes });
  });

  it('each kind once, with how often', () => {
    const { records, notes } = read('a.ndjson', '{"msg":"x","ts":"never"}\n'.repeat(5));
    expect(records).toHaveLength(5);
    expect(notes).toEqual([
      'line 1 and 4 more: "ts" is no time that can be stored; it is kept as an attribute',
    ]);
  });

  it('an object without fields', () => {
    expect(read('a.ndjson', '{}\n{"a":1}')).toEqual({
      records: [{ attributes: { a: 1n } }],
      notes: ['line 1: an object without fields holds no record'],
    });
  });
});

describe('CSV', () => {
  it('maps columns as fields, all of them text', () => {
    const csv = [
      'time,level,service,message,user id,n,trace_id,',
      `1709210096.5,ERROR,cart,"said ""hi"", left",7,1.5,${TRACE},x`,
      '2024-02-29 12:34:56,,shop,"two',
      'lines",,,,',
    ].join('\n');
    expect(read('a.csv', csv)).toEqual({
      records: [
        {
          service: 'cart',
          time: 1_709_210_096_500_000_000n,
          severity: 17,
          severityText: 'ERROR',
          body: 'said "hi", left',
          traceId: TRACE,
          attributes: { 'user id': '7', n: '1.5', column_8: 'x' },
        },
        { service: 'shop', time: 1_709_210_096_000_000_000n, body: 'two\nlines' },
      ],
      notes: [],
    });
  });

  it('takes a column named __proto__ as any other', () => {
    expect(read('a.csv', '__proto__\nx\n').records).toEqual([
      { attributes: Object.fromEntries([['__proto__', 'x']]) },
    ]);
  });
});

describe('severityNumber', () => {
  it.each<[string, number]>([
    ['trace', 1],
    ['DEBUG', 5],
    [' Info ', 9],
    ['information', 9],
    ['notice', 10],
    ['WARNING', 13],
    ['err', 17],
    ['critical', 18],
    ['alert', 19],
    ['emerg', 21],
    ['FATAL4', 24],
    ['TRACE1', 1],
    ['10', 1],
    ['20', 5],
    ['30', 9],
    ['35', 9],
    ['40', 13],
    ['50', 17],
    ['60', 21],
    ['99', 21],
    ['9', 0],
    ['', 0],
    ['constructor', 0],
    ['INFO5', 0],
  ])('%j is %d', (text, expected) => {
    expect(severityNumber(text)).toBe(expected);
  });
});

describe('properties', () => {
  const plain = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value;

  it('every field of every record is there with its value, in any form of the file', () => {
    const record = fc.dictionary(
      fc.string().map((name) => `x${name}`),
      plain,
      { minKeys: 1 },
    );
    const separators = fc.constantFrom('\n', '\r\n', '\n\n');
    fc.assert(
      fc.property(fc.array(record), separators, fc.boolean(), (records, separator, indent) => {
        const texts = records.map((fields) => JSON.stringify(fields, null, indent ? 1 : 0));
        const { records: found, notes } = read(indent ? 'a.json' : 'a.ndjson', texts.join(separator));
        expect(found.map(({ attributes }) => attributes)).toEqual(
          records.map((fields) => expectedOf(fields)),
        );
        expect(notes.filter((note) => note !== 'the object is empty')).toEqual([]);
      }),
    );
  });

  it('CSV cells come back as they were written', () => {
    const cell = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const csv = ['a,b', ...rows.map((row) => row.map(quote).join(','))].join('\r\n');
        expect(read('x.csv', csv).records).toEqual(rows.map(([a, b]) => ({ attributes: { a, b } })));
      }),
    );
  });

  it('records of many services stay with their service', () => {
    const services = Array.from({ length: 2500 }, (_, i) => ({ service: `s${i % 1250}`, n: i }));
    const { records } = read('a.ndjson', services.map((record) => JSON.stringify(record)).join('\n'));
    expect(new Map(records.map((record) => [record.attributes?.n, record.service]))).toEqual(
      new Map(services.map(({ service, n }) => [BigInt(n), service])),
    );
  });

  it('random bytes are read or refused, nothing else', () => {
    const keys = fc.constantFrom('a.json', 'a.ndjson', 'a.csv', 'a', 'a.gz', 'a.json.zst');
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 200 }), (key, bytes) => {
        try {
          toExportRequest({ key, signal: 'logs', bytes, arrivedNs: ARRIVED });
        } catch (error) {
          expect((error as { code: string }).code).toBe('BAD_OBJECT');
        }
      }),
    );
  });
});

function expectedOf(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(expectedOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expectedOf(member)]));
  }
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : (value as Plain);
}
