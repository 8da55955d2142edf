import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { ConfigError } from '@lakewright/core';
import { afterEach, expect, test } from 'vitest';
import {
  KEY,
  keyed,
  logsRequest,
  MemorySink,
  ORGANIZATION,
  openHttp,
  PROTOBUF,
  receiverOptions,
} from '../../test/receivers.ts';
import { type Senders, startGrpcReceiver, startHttpReceiver } from '../index.ts';

const ANOTHER = '22222222-2222-4222-8222-222222222222';

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

const sent = async (senders: Senders, headers: Record<string, string> = {}) => {
  const { post, sink } = await openHttp(stops, { auth: keyed(), senders });
  const response = await post('/v1/logs', logsRequest('a'), {
    ...{ ...PROTOBUF, authorization: `Bearer ${KEY}` },
    ...headers,
  });
  return { status: response.status, text: await response.text(), requests: sink.requests };
};

test.each<[string, Senders, Record<string, string>, string]>([
  ['its organization', { organization: ORGANIZATION }, {}, 'default'],
  ['its organization, in capitals', { organization: ORGANIZATION.toUpperCase() }, {}, 'default'],
  ['a sender that names no collector', { collector: 'edge' }, {}, 'edge'],
  ['a sender that names one', { collector: 'edge' }, { 'x-lakewright-collector': 'mine' }, 'mine'],
])('a receiver takes %s', async (_what, senders, headers, collector) => {
  const { status, requests } = await sent(senders, headers);
  expect(status).toBe(200);
  expect(requests).toMatchObject([{ organization: ORGANIZATION, collector }]);
});

test('refuses the key of another organization, and a wrong one as ever', async () => {
  const refused = await sent({ organization: ANOTHER });
  expect(refused).toMatchObject({ status: 403, requests: [] });
  expect(refused.text).toContain(ANOTHER);
  expect(refused.text).not.toContain(KEY);
  expect(await sent({ organization: ANOTHER }, { authorization: 'Bearer wrong-key-0' })).toMatchObject({
    status: 401,
  });
});

test('refuses it over gRPC with PERMISSION_DENIED', async () => {
  const sink = new MemorySink();
  const senders = { organization: ANOTHER };
  const receiver = await startGrpcReceiver(receiverOptions({ sink, auth: keyed(), senders }));
  stops.push(() => receiver.close());
  const Client = makeGenericClientConstructor({}, 'logs');
  const client = new Client(`127.0.0.1:${receiver.port}`, credentials.createInsecure());
  stops.push(async () => client.close());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${KEY}`);
  const same = (bytes: Buffer) => bytes;
  const error = await new Promise<{ code?: number; details?: string } | null>((resolve) => {
    const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
    client.makeUnaryRequest(path, same, same, logsRequest('a'), metadata, (failure) => resolve(failure));
  });
  expect(error).toMatchObject({ code: 7, details: expect.stringContaining(ANOTHER) });
  expect(sink.requests).toEqual([]);
});

test.each<[Senders, string]>([
  [{ organization: 'acme' }, 'is not a UUID'],
  [{ collector: '../up' }, 'is not a name'],
  [{ collector: '' }, 'is not a name'],
])('%o cannot be started with', async (senders, message) => {
  const error = await startHttpReceiver(receiverOptions({ sink: new MemorySink(), senders })).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain(message);
});
