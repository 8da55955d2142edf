import type { Signal } from '@lakewright/core';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { requestType } from '../../test/otlp-proto.ts';
import { inspectRequest, JsonError, jsonToProto } from '../index.ts';

const SIGNALS: Signal[] = ['logs', 'traces', 'metrics'];

/** What the bytes hold, as protobufjs reads them. */
function read(signal: Signal, bytes: Uint8Array): Record<string, unknown> {
  const type = requestType(signal);
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}

const logRecord = (json: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${json}]}]}]}`;
const transcodeRecord = (json: string): unknown => {
  const request = read('logs', jsonToProto('logs', logRecord(json)));
  return (request as { resource_logs: { scope_logs: { log_records: unknown[] }[] }[] }).resource_logs[0]
    .scope_logs[0].log_records[0];
};
const dataPoint = (json: string): string =>
  `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[${json}]}}]}]}]}`;
const base64 = (bytes: number[]): string => Buffer.from(bytes).toString('base64');

describe('values', () => {
  test.each<[string, string, Record<string, unknown>]>([
    [
      '64-bit integer as a string',
      '{"timeUnixNano":"1544712660300000001"}',
      { time_unix_nano: '1544712660300000001' },
    ],
    [
      '64-bit integer as a number',
      '{"timeUnixNano":1544712660300000001}',
      { time_unix_nano: '1544712660300000001' },
    ],
    ['after a space', '{"timeUnixNano": 1544712660300000001 }', { time_unix_nano: '1544712660300000001' }],
    [
      'with a fraction of zeros',
      '{"timeUnixNano":1544712660300000001.0}',
      { time_unix_nano: '1544712660300000001' },
    ],
    ['with an exponent', '{"timeUnixNano":15447126603e8}', { time_unix_nano: '1544712660300000000' }],
    ['the largest', '{"timeUnixNano":18446744073709551615}', { time_unix_nano: '18446744073709551615' }],
    ['snake_case', '{"time_unix_nano":"5","severity_text":"a"}', { time_unix_nano: '5', severity_text: 'a' }],
    ['enum by number', '{"severityNumber":9}', { severity_number: 9 }],
    ['enum by name', '{"severityNumber":"SEVERITY_NUMBER_ERROR3"}', { severity_number: 19 }],
    ['null is absent', '{"severityText":null,"body":null,"attributes":null}', {}],
    [
      'unknown fields',
      '{"severityText":"a","shoeSize":{"x":[1,2]},"__proto__":{"a":1}}',
      { severity_text: 'a' },
    ],
    ['defaults are left out', '{"timeUnixNano":"0","severityText":"","flags":0}', {}],
    [
      'hex id',
      '{"spanId":"EEE19B7EC3C1B174"}',
      { span_id: base64([0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74]) },
    ],
    ['hex id of a wrong length', '{"spanId":"eee1"}', { span_id: base64([0xee, 0xe1]) }],
    ['empty string value', '{"body":{"stringValue":""}}', { body: { string_value: '' } }],
    ['false', '{"body":{"boolValue":false}}', { body: { bool_value: false } }],
    ['0', '{"body":{"intValue":0}}', { body: { int_value: '0' } }],
    [
      'least int64',
      '{"body":{"intValue":-9223372036854775808}}',
      { body: { int_value: '-9223372036854775808' } },
    ],
    ['double', '{"body":{"doubleValue":0.1}}', { body: { double_value: 0.1 } }],
    [
      'long integer as double',
      '{"body":{"doubleValue":12345678901234567890}}',
      { body: { double_value: 1.2345678901234567e19 } },
    ],
    ['NaN', '{"body":{"doubleValue":"NaN"}}', { body: { double_value: Number.NaN } }],
    ['Infinity', '{"body":{"doubleValue":"Infinity"}}', { body: { double_value: Infinity } }],
    ['-Infinity', '{"body":{"doubleValue":"-Infinity"}}', { body: { double_value: -Infinity } }],
    ['double in quotes', '{"body":{"doubleValue":"1.5e3"}}', { body: { double_value: 1500 } }],
    ['bytes', '{"body":{"bytesValue":"+/8="}}', { body: { bytes_value: '+/8=' } }],
    ['URL-safe bytes without padding', '{"body":{"bytesValue":"-_8"}}', { body: { bytes_value: '+/8=' } }],
    ['empty array', '{"body":{"arrayValue":{"values":[]}}}', { body: { array_value: {} } }],
    ['empty kvlist', '{"body":{"kvlistValue":{}}}', { body: { kvlist_value: {} } }],
    ['attribute without a value', '{"attributes":[{"key":"k"}]}', { attributes: [{ key: 'k' }] }],
    ['escapes', '{"severityText":"\\u00e9\\ud83d\\ude80\\n"}', { severity_text: 'é🚀\n' }],
  ])('%s', (_, json, expected) => {
    expect(transcodeRecord(json)).toEqual(expected);
  });

  test('bytes of the text: a byte order mark is passed over, bad UTF-8 becomes U+FFFD', () => {
    const text = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from(logRecord('{"severityText":"a?b"}')).map((byte) => (byte === 0x3f ? 0xff : byte)),
    ]);
    expect(JSON.stringify(read('logs', jsonToProto('logs', text)))).toContain('a\ufffdb');
  });

  test.each([['{}'], [' { } '], ['{"resourceLogs":[]}'], ['{"resourceSpans":[{}]}']])(
    '%s holds nothing',
    (json) => {
      expect(jsonToProto('logs', json)).toHaveLength(0);
    },
  );
});

describe('errors name the path', () => {
  const record = 'resourceLogs[0].scopeLogs[0].logRecords[0]';
  test.each<[string, string, string]>([
    ['no JSON', '{"resourceLogs":', 'not valid JSON'],
    ['no object', '[]', 'request: expected an object'],
    ['a number', '12345678901234567890', 'request: expected an object'],
    ['resourceLogs', '{"resourceLogs":{}}', 'resourceLogs: expected an array'],
    ['null in a list', '{"resourceLogs":[null]}', 'resourceLogs[0]: expected an object'],
    [
      'id',
      logRecord('{},{"traceId":"xyz0"}'),
      'resourceLogs[0].scopeLogs[0].logRecords[1].traceId: expected hexadecimal',
    ],
    [
      'odd id',
      logRecord('{"span_id":"abc"}'),
      `${record}.span_id: expected hexadecimal digits, two for each byte`,
    ],
    ['text', logRecord('{"severityText":5}'), `${record}.severityText: expected a string`],
    ['fraction', logRecord('{"timeUnixNano":1.5}'), `${record}.timeUnixNano: expected an integer`],
    ['words', logRecord('{"timeUnixNano":"now"}'), `${record}.timeUnixNano: expected an integer`],
    ['empty', logRecord('{"timeUnixNano":""}'), `${record}.timeUnixNano: expected an integer`],
    [
      'negative time',
      logRecord('{"timeUnixNano":-1}'),
      `${record}.timeUnixNano: out of range, fixed64 goes from 0`,
    ],
    [
      'past 64 bits',
      logRecord('{"timeUnixNano":18446744073709551616}'),
      `${record}.timeUnixNano: out of range`,
    ],
    [
      'past int64',
      logRecord('{"body":{"intValue":9223372036854775808}}'),
      `${record}.body.intValue: out of range`,
    ],
    [
      'huge exponent',
      logRecord('{"timeUnixNano":"1e99999999"}'),
      `${record}.timeUnixNano: expected an integer`,
    ],
    [
      'huge text',
      logRecord(`{"timeUnixNano":"${'9'.repeat(100_000)}"}`),
      `${record}.timeUnixNano: expected an integer`,
    ],
    ['past 32 bits', logRecord('{"flags":4294967296}'), `${record}.flags: out of range`],
    [
      'past a double',
      logRecord('{"body":{"doubleValue":1e999}}'),
      `${record}.body.doubleValue: out of range`,
    ],
    [
      'no double',
      logRecord('{"body":{"doubleValue":"1.x"}}'),
      `${record}.body.doubleValue: expected a number`,
    ],
    [
      'no bool',
      logRecord('{"body":{"boolValue":"true"}}'),
      `${record}.body.boolValue: expected true or false`,
    ],
    ['no base64', logRecord('{"body":{"bytesValue":"a b"}}'), `${record}.body.bytesValue: expected base64`],
    [
      'unknown name',
      logRecord('{"severityNumber":"LOUD"}'),
      `${record}.severityNumber: not a name of this enum`,
    ],
  ])('%s', (_, json, message) => {
    const attempt = () => jsonToProto('logs', json);
    expect(attempt).toThrow(JsonError);
    expect(attempt).toThrow(message);
  });

  test('the message never quotes the document', () => {
    expect(() => jsonToProto('logs', '{"password":hunter22}')).toThrow(/^not valid JSON(?!.*hunter22)/);
  });
});

describe('nesting', () => {
  const nested = (levels: number): string =>
    `{"body":${'{"arrayValue":{"values":['.repeat(levels - 1)}{"stringValue":"x"}${']}}'.repeat(levels - 1)}}`;

  test.each([
    [64, 2, 0],
    [65, 1, 1],
    [1000, 1, 1],
    [20_000, 1, 1],
  ])('a body %d deep', (levels, records, rejected) => {
    const bytes = jsonToProto('logs', logRecord(`${nested(levels)},{}`));
    expect(inspectRequest('logs', bytes)).toMatchObject({ records, rejected });
  });

  test('with integers that need the slow path, a million levels are refused, not a crash', () => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    const json = logRecord(`{"timeUnixNano":1544712660300000001,"x":${deep}}`);
    expect(() => jsonToProto('logs', json)).toThrow(JsonError);
  });
});

test('the 64-bit rules are judged after transcoding', () => {
  const bytes = jsonToProto('metrics', dataPoint('{"timeUnixNano":"9223372036854775808"},{"asInt":"-5"}'));
  expect(inspectRequest('metrics', bytes)).toMatchObject({ records: 1, rejected: 1 });
});

/** A message as protobufjs takes it, and the same as a sender might write it in JSON. */
interface Pair {
  readonly message: Record<string, unknown>;
  readonly json: Record<string, unknown>;
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const HEX_FIELDS = ['trace_id', 'span_id', 'parent_span_id'];

/** A value of a scalar field, with its JSON. */
function scalar(field: protobuf.Field): fc.Arbitrary<{ value: unknown; json: unknown }> {
  const long = (min: bigint, max: bigint) =>
    fc.tuple(fc.bigInt({ min, max }), fc.boolean()).map(([value, quoted]) => ({
      value: String(value),
      json: quoted ? String(value) : rawJson(String(value)),
    }));
  const small = (min: number, max: number) =>
    fc.integer({ min, max }).map((value) => ({ value, json: value }));
  switch (field.type) {
    case 'string':
      return fc.string({ unit: 'grapheme' }).map((value) => ({ value, json: value }));
    case 'bool':
      return fc.boolean().map((value) => ({ value, json: value }));
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 }).map((value) => ({
        value: Buffer.from(value),
        json: Buffer.from(value).toString(HEX_FIELDS.includes(field.name) ? 'hex' : 'base64'),
      }));
    case 'double':
      return fc.double().map((double) => {
        const value = double === 0 ? 0 : double;
        return { value, json: Number.isFinite(value) ? value : String(value) };
      });
    case 'fixed64':
    case 'uint64':
      return long(0n, 2n ** 64n - 1n);
    case 'int64':
    case 'sfixed64':
      return long(-(2n ** 63n), 2n ** 63n - 1n);
    case 'uint32':
    case 'fixed32':
      return small(0, 2 ** 32 - 1);
    default:
      return small(-(2 ** 31), 2 ** 31 - 1);
  }
}

function fieldPair(field: protobuf.Field, depth: number): fc.Arbitrary<{ value: unknown; json: unknown }> {
  const inner = field.resolve().resolvedType as protobuf.Type | null;
  const one =
    inner === null
      ? scalar(field)
      : message(inner, depth - 1).map((pair) => ({
          value: pair.message as unknown,
          json: pair.json as unknown,
        }));
  if (!field.repeated) return one;
  return fc.array(one, { maxLength: 3 }).map((items) => ({
    value: items.map((item) => item.value),
    json: items.map((item) => item.json),
  }));
}

/** Any message of a type: a subset of its fields, at most one of each oneof. */
function message(type: protobuf.Type, depth: number): fc.Arbitrary<Pair> {
  const fields = type.fieldsArray.filter((field) => depth > 0 || field.resolve().resolvedType === null);
  if (fields.length === 0) return fc.constant({ message: {}, json: {} });
  const chosen = fc.subarray(fields).map((list) => {
    const taken = new Set<unknown>();
    return list.filter((field) => {
      if (!field.partOf) return true;
      if (taken.has(field.partOf)) return false;
      taken.add(field.partOf);
      return true;
    });
  });
  return chosen.chain((list) =>
    fc.tuple(...list.map((field) => fc.tuple(fieldPair(field, depth), fc.boolean()))).map((values) => {
      const pair: Pair = { message: {}, json: {} };
      for (const [i, [{ value, json }, snake]] of values.entries()) {
        pair.message[list[i].name] = value;
        pair.json[snake ? list[i].name : camel(list[i].name)] = json;
      }
      return pair;
    }),
  );
}

test.each(SIGNALS)('any %s request reads back as an independent encoder wrote it', (signal) => {
  const type = requestType(signal);
  fc.assert(
    fc.property(message(type, 9), (pair) => {
      const expected = read(signal, type.encode(type.fromObject(pair.message)).finish());
      const bytes = jsonToProto(signal, JSON.stringify(pair.json));
      expect(read(signal, bytes)).toEqual(expected);
      inspectRequest(signal, bytes);
    }),
    { numRuns: 300 },
  );
});
