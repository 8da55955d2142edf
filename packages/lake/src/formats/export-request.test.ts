import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BadObjectError } from '../errors.ts';
import { toExportRequest } from './export-request.ts';
import { FORMAT_LIMITS } from './limits.ts';
import { decodeLogs } from './testing/decode-logs.ts';

const ARRIVED = 1_700_000_000_000_000_000n;
const SPAN_REQUEST = JSON.stringify({
  resourceSpans: [
    { scopeSpans: [{ spans: [{ traceId: '0'.repeat(31) + 1, spanId: '0'.repeat(15) + 1, name: 'x' }] }] },
  ],
});

function logRequest(body: string): string {
  return JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: { stringValue: body } }] }] }],
  });
}

function read(key: string, content: string | Uint8Array, signal: 'logs' | 'traces' | 'metrics' = 'logs') {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return toExportRequest({ key, signal, bytes, arrivedNs: ARRIVED });
}

function bodies(key: string, content: string | Uint8Array): unknown[] {
  return decodeLogs(read(key, content).body).map((record) => record.body);
}

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BadObjectError);
    return (error as BadObjectError).message;
  }
  throw new Error('nothing was thrown');
}

const protobuf = read('a.json', logRequest('from protobuf')).body;
/** One request twice as long as a line feed is in ASCII, so that its second byte is a `{`. */
const braced = read('a.json', logRequest('x'.repeat(106))).body;

describe('formats by suffix', () => {
  const ndjson = '{"msg":"one"}\n{"msg":"two"}\n';
  it.each<[string, string | Uint8Array, unknown[]]>([
    ['a.binpb', protobuf, ['from protobuf']],
    ['a.pb', protobuf, ['from protobuf']],
    ['a.otlp', protobuf, ['from protobuf']],
    ['a.protobuf', protobuf, ['from protobuf']],
    ['A.BINPB', protobuf, ['from protobuf']],
    ['a.binpb.gz', gzipSync(protobuf), ['from protobuf']],
    ['logs-raw/x.y/a.b.binpb.zst', zstdCompressSync(protobuf), ['from protobuf']],
    ['a.json', logRequest('one'), ['one']],
    ['a.json', JSON.stringify(JSON.parse(logRequest('indented')), null, 2), ['indented']],
    ['a.json', `${logRequest('one')}\n${logRequest('two')}\n`, ['one', 'two']],
    ['a.json', logRequest('one') + logRequest('two'), ['one', 'two']],
    [
      'a.json',
      logRequest('a } brace, a " quote and a \\').repeat(2),
      Array(2).fill('a } brace, a " quote and a \\'),
    ],
    ['a.json', logRequest('x').replace('resourceLogs', 'resource_logs'), ['x']],
    ['a.json', logRequest('x').replace('{', '{"extra":{"resourceSpans":[]},'), ['x']],
    ['a.json', ndjson, ['one', 'two']],
    ['a.json', '{\n  "msg": "spread"\n}', ['spread']],
    ['a.ndjson', ndjson, ['one', 'two']],
    ['a.jsonl', ndjson, ['one', 'two']],
    ['a.jsonl.gz', gzipSync(ndjson), ['one', 'two']],
    ['a.ndjson.zst', zstdCompressSync(Buffer.from(ndjson)), ['one', 'two']],
    ['a.ndjson', `${logRequest('otlp')}\n{"msg":"plain"}\n`, ['otlp', 'plain']],
    ['a.csv', 'time,message\n2024-01-01T00:00:00Z,hello\n', ['hello']],
    ['a.csv.gz', gzipSync('msg\nhello\n'), ['hello']],
  ])('%s', (key, content, expected) => {
    expect(bodies(key, content)).toEqual(expected);
  });
});

describe('formats by content, when the suffix is missing or unknown', () => {
  it.each<[string, string | Uint8Array, unknown[]]>([
    ['protobuf', protobuf, ['from protobuf']],
    ['protobuf.log', protobuf, ['from protobuf']],
    ['protobuf that looks like a line feed and a brace', braced, ['x'.repeat(106)]],
    ['json', logRequest('one'), ['one']],
    ['json.txt', `\uFEFF${logRequest('one')}`, ['one']],
    ['json after blanks', `\n{"msg":"one"}`, ['one']],
    ['json.gz', gzipSync('{"msg":"one"}'), ['one']],
  ])('%s', (key, content, expected) => {
    expect(bodies(key, content)).toEqual(expected);
  });

  it('the test request really starts with a line feed and a brace', () => {
    expect([braced[0], braced[1]]).toEqual([0x0a, 0x7b]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['a.log', 'plain text\n', /neither JSON nor OTLP protobuf; name the file/],
    ['a', gzipSync('{}'), /looks like gzip/],
    ['a.bz2', zstdCompressSync(Buffer.from('{}')), /looks like zstd/],
  ])('%s is refused with advice', (key, content, reason) => {
    expect(reasonOf(() => read(key, content))).toMatch(reason);
  });
});

describe('files that are read to their end', () => {
  const one = Buffer.from('{"msg":"one"}\n');
  const two = Buffer.from('{"msg":"two"}\n');
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  it.each<[string, Uint8Array]>([
    ['two gzip members.ndjson.gz', Buffer.concat([gzipSync(one), gzipSync(two)])],
    ['two zstd frames.ndjson.zst', Buffer.concat([zstdCompressSync(one), zstdCompressSync(two)])],
    [
      'skippable.ndjson.zst',
      Buffer.concat([skippable, zstdCompressSync(one), skippable, zstdCompressSync(two)]),
    ],
    ['no line end.ndjson', Buffer.concat([one, two.subarray(0, -1)])],
    ['crlf.ndjson', Buffer.from('{"msg":"one"}\r\n\r\n  \r\n{"msg":"two"}\r\n')],
    ['bom.ndjson', Buffer.from('\uFEFF{"msg":"one"}\n{"msg":"two"}')],
    ['crlf.csv', Buffer.from('\uFEFFmsg\r\none\r\n\r\ntwo')],
  ])('%s', (key, content) => {
    expect(bodies(key, content)).toEqual(['one', 'two']);
  });

  it('protobuf passes as it is', () => {
    expect(read('a.pb', protobuf).body).toBe(protobuf);
    expect(read('a.pb', Buffer.from('not protobuf')).body.toString()).toBe('not protobuf');
  });

  it.each(['a.pb', 'a.ndjson', 'a.csv', 'a'])('an empty %s is an empty request and said', (key) => {
    expect(read(key, '')).toEqual({ body: Buffer.alloc(0), notes: ['the object is empty'] });
  });

  it('traces and metrics are taken as OTLP/JSON', () => {
    expect(read('a.json', SPAN_REQUEST, 'traces').body.length).toBeGreaterThan(20);
    const metrics = {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'up', gauge: { dataPoints: [] } }] }] }],
    };
    expect(Buffer.from(read('a.json', JSON.stringify(metrics), 'metrics').body).includes('up')).toBe(true);
  });
});

describe('objects that cannot be read', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['a.ndjson', '{"msg":"one"}\n{"msg":\n', /^line 2: not valid JSON: Unexpected end/],
    ['a.ndjson', '\n\n{"a":1}\nsecret-text\n', /^line 4: not valid JSON: Unexpected token 's'$/],
    ['a.ndjson', '{"a":1}\n[1]\n', /^line 2: a JSON value that is not an object$/],
    ['a.ndjson', 'null', /^line 1: a JSON value that is not an object$/],
    ['a.ndjson', '{"a":1} {"a":2}', /^line 1: not valid JSON/],
    [
      'a.json',
      '{"a":1}\n\n[{"a":1}]',
      /^line 3: a JSON array where an object should be; write one object a line$/,
    ],
    ['a.json', '{"a":1}\nhello', /^line 2: something that is not a JSON object$/],
    ['a.json', '{"a":\n1}\n{"a":"', /^line 3: a JSON object starts here and does not end$/],
    ['a.json', '{"a":1 2}', /^line 1: not valid JSON/],
    ['a.json', SPAN_REQUEST, /^line 1: an OTLP request of traces, which belongs below traces-raw\/$/],
    ['a.json', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"}]}]}]}', /^line 1: .*trace/i],
    ['a.csv', 'a,b\n1,2\n1,2,3\n', /^line 3: a row with another number of fields than the header$/],
    ['a.csv', 'a,b\n1\n', /^line 2: a row with another number of fields/],
    ['a.csv', 'a,b\n1,"two', /a quoted field is not closed/],
    ['a.csv', 'a,b\n1,t"wo"\n', /^line 2: a quote inside a field that is not quoted$/],
    ['a.csv', 'a,b\n1,"two"2\n', /^line 2: something follows the closing quote/],
    ['a.csv', 'a,b,a\n1,2,3\n', /^line 1: two columns have the name "a"$/],
    ['a.json.gz', Buffer.from('{}'), /not valid gzip/],
    ['a.json.gz', gzipSync('{"a":1}').subarray(0, -6), /not valid gzip: unexpected end of file/],
    ['a.json.zst', Buffer.from('{"a":12345}'), /not valid zstd: no frame starts at byte 0/],
    [
      'a.json.zst',
      zstdCompressSync(Buffer.from('{"a":1}')).subarray(0, -2),
      /not valid zstd: it ends at byte/,
    ],
    [
      'a.json.zst',
      Buffer.concat([zstdCompressSync(Buffer.from('{}')), Buffer.from('trailing')]),
      /no frame starts at/,
    ],
    ['a.json.zst', Buffer.alloc(0), /not valid zstd/],
  ])('%s %j', (key, content, reason) => {
    expect(reasonOf(() => read(key, content))).toMatch(reason);
  });

  it.each<[string, string, 'traces' | 'metrics', RegExp]>([
    ['a.ndjson', '{"msg":"x"}', 'traces', /^line 1: a JSON object that is not an OTLP request of traces$/],
    [
      'a.json',
      logRequest('x'),
      'metrics',
      /^line 1: an OTLP request of logs, which belongs below logs-raw\/$/,
    ],
    ['a.csv', 'a\n1\n', 'metrics', /^CSV is read for logs only/],
  ])('%s %j as %s', (key, content, signal, reason) => {
    expect(reasonOf(() => read(key, content, signal))).toMatch(reason);
  });

  it('names the object and never its content', () => {
    try {
      read('logs-raw/x.ndjson', 'hunter2 is a secret');
    } catch (error) {
      expect((error as BadObjectError).key).toBe('logs-raw/x.ndjson');
      expect((error as BadObjectError).message).not.toContain('hunter2');
    }
    expect.assertions(2);
  });
});

describe('limits', () => {
  const limits = { maxObjectBytes: 1000, maxLineBytes: 100 };
  const under = (key: string, content: string | Uint8Array) => () =>
    toExportRequest({ key, signal: 'logs', bytes: Buffer.from(content), arrivedNs: ARRIVED }, limits);
  const longObject = `${'{"msg":"x"}\n'.repeat(100)}`;
  const exact = `{"msg":"${'x'.repeat(90)}"}`;
  const longer = `{"msg":"${'x'.repeat(91)}"}`;

  it.each<[string, string | Uint8Array]>([
    ['a.ndjson', longObject],
    ['a.ndjson.gz', gzipSync(longObject)],
    ['a.ndjson.zst', zstdCompressSync(Buffer.from(longObject))],
    ['a.binpb.zst', Buffer.concat(Array(101).fill(zstdCompressSync(Buffer.alloc(10))))],
  ])('maxObjectBytes: %s', (key, content) => {
    expect(reasonOf(under(key, content))).toMatch(/maxObjectBytes \(1000 bytes/);
  });

  it('maxObjectBytes itself is allowed, compressed or not', () => {
    const bytes = Buffer.alloc(1000, 1);
    expect(under('a.pb', bytes)().body.length).toBe(1000);
    expect(under('a.pb.gz', gzipSync(bytes))().body.length).toBe(1000);
    expect(under('a.pb.zst', zstdCompressSync(bytes))().body.length).toBe(1000);
  });

  it('a bomb costs no more than the limit', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    expect(reasonOf(under('a.json.gz', bomb))).toMatch(/maxObjectBytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it.each([
    ['a.ndjson', `{"a":1}\n${exact}`, undefined],
    ['a.ndjson', `{"a":1}\n${longer}`, /^line 2: longer than maxLineBytes \(100 bytes\)$/],
    ['a.json', longer, /^line 1: longer than maxLineBytes \(100 bytes\)$/],
    ['a.ndjson', logRequest('x'.repeat(100)), undefined],
    ['a.csv', `a\n${'x'.repeat(101)}\n`, /^line 2: a row longer than maxLineBytes \(100 bytes\), or a quote/],
    ['a.csv', `a\r\n"x\r\ny"\r\n${'x'.repeat(100)}\r\n`, undefined],
    ['a.csv', `a\n"x\ny"\n\n${','.repeat(101)}\n`, /^line 5: a row longer than maxLineBytes/],
    ['a.csv', `a\nb,c\n${','.repeat(101)}\n`, /^line 2: a row with another number of fields/],
  ])('maxLineBytes: %s %j', (key, content, reason) => {
    if (reason === undefined) expect(under(key, content)().body.length).toBeGreaterThan(50);
    else expect(reasonOf(under(key, content))).toMatch(reason);
  });

  it('are as documented', () => {
    expect(FORMAT_LIMITS).toEqual({ maxObjectBytes: 536_870_912, maxLineBytes: 1_048_576 });
  });
});
