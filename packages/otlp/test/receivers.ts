import { silentLogger } from '@lakewright/core';
import { Registry } from 'prom-client';
import {
  authenticator,
  loadApiKeys,
  type RawRequest,
  type RawSink,
  type ReceiverOptions,
  startHttpReceiver,
} from '../src/index.ts';
import { encodeRequest, testRoot } from './otlp-proto.ts';
import { arrays, field, RECORD, scopeGroup } from './requests.ts';

export const ORGANIZATION = '11111111-1111-4111-8111-111111111111';
export const KEY = 'a-key-for-tests';

/** Keeps what it is given; `answer` may be replaced to make it refuse or wait. */
export class MemorySink implements RawSink {
  readonly requests: RawRequest[] = [];
  answer: (request: RawRequest) => Promise<void> = async () => {};

  async accept(request: RawRequest): Promise<void> {
    await this.answer(request);
    this.requests.push(request);
  }
}

/** Options of a receiver on a free port of 127.0.0.1. */
export function receiverOptions(
  extra: Partial<ReceiverOptions> & Pick<ReceiverOptions, 'sink'>,
): ReceiverOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    auth: authenticator(undefined),
    logger: silentLogger,
    metrics: new Registry(),
    ...extra,
  };
}

export const keyed = () => authenticator(loadApiKeys(`[{organization_id: ${ORGANIZATION}, keys: [${KEY}]}]`));

/** A logs request with one record for each body. */
export function logsRequest(...bodies: string[]): Buffer {
  const log_records = bodies.map((text) => ({ body: { string_value: text } }));
  return Buffer.from(encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records }] }] }));
}

/** Two log records, of which the first nests 1,000 deep. */
const deepLogsRequest = (): Buffer => scopeGroup(field(0x12, field(0x2a, arrays(1000))), RECORD);

/** Requests that each receiver must judge alike: how many records are stored and rejected. */
export const JUDGED: [string, Buffer, { stored: number; rejected: number; message: RegExp | undefined }][] = [
  ['no bytes', Buffer.alloc(0), { stored: 0, rejected: 0, message: undefined }],
  ['good records', logsRequest('a', 'b'), { stored: 2, rejected: 0, message: undefined }],
  ['1,000 deep', deepLogsRequest(), { stored: 1, rejected: 1, message: /1 rejected: a value nests deeper/ }],
  [
    'a time past 2262',
    Buffer.from(
      encodeRequest('logs', {
        resource_logs: [{ scope_logs: [{ log_records: [{ time_unix_nano: '9223372036854775808' }] }] }],
      }),
    ),
    { stored: 0, rejected: 1, message: /a time is past/ },
  ],
  [
    'ids of wrong length',
    Buffer.from(
      encodeRequest('logs', {
        resource_logs: [{ scope_logs: [{ log_records: [{ trace_id: Buffer.alloc(3) }] }] }],
      }),
    ),
    { stored: 1, rejected: 0, message: /stored as NULL/ },
  ],
  [
    'invalid UTF-8',
    scopeGroup(field(0x12, Buffer.from([0x1a, 1, 0xff]))),
    { stored: 1, rejected: 0, message: /not valid UTF-8/ },
  ],
  [
    'NaN and infinity',
    Buffer.from(
      encodeRequest('logs', {
        resource_logs: [
          {
            scope_logs: [
              { log_records: [{ body: { double_value: Number.NaN } }, { body: { double_value: Infinity } }] },
            ],
          },
        ],
      }),
    ),
    { stored: 2, rejected: 0, message: undefined },
  ],
];

/** Bytes that are refused as a whole. */
export const MALFORMED: [string, Buffer][] = [
  ['truncated', logsRequest('hello').subarray(0, -1)],
  ['a wrong wire type', Buffer.from([0x08, 0x01])],
  ['a length past the end', Buffer.from([0x0a, 0x7f])],
  ['an endless varint', Buffer.alloc(12, 0xff)],
  ['text', Buffer.from('hello')],
];

/** A message of the answer, as protobufjs reads it. */
export function decodeAnswer(type: string, bytes: Uint8Array): Record<string, unknown> {
  const found = testRoot().lookupType(type);
  return found.toObject(found.decode(bytes), { longs: Number });
}

/** An HTTP receiver on a free port with a sink in memory; what closes it is added to `stops`. */
export async function openHttp(stops: (() => Promise<void>)[], extra: Partial<ReceiverOptions> = {}) {
  const sink = new MemorySink();
  const options = receiverOptions({ sink, ...extra });
  const receiver = await startHttpReceiver(options);
  stops.push(() => receiver.close());
  const base = `http://127.0.0.1:${receiver.port}`;
  const post = (path: string, body: Uint8Array | string, headers: Record<string, string> = PROTOBUF) =>
    fetch(`${base}${path}`, { method: 'POST', body: body as RequestInit['body'], headers });
  return { sink, receiver, base, post, metrics: options.metrics };
}

export const PROTOBUF = { 'content-type': 'application/x-protobuf' };
export const JSON_TYPE = { 'content-type': 'application/json' };

export const bytesOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());
