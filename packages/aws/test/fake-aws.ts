import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

/** A request as it arrived. */
export interface FakeRequest {
  readonly method: string;
  /** Decoded, with the bucket at its front. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** An answer, or `hang up` to end the connection without one. */
export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Record<string, string>;
      readonly body?: string | Uint8Array;
      /** Ends the connection after so many bytes of the body. */
      readonly cutAt?: number;
    }
  | 'hang up';

export interface FakeAws {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** How many connections are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** An AWS that answers what the test says: for what no emulator does on demand. */
export async function fakeAws(
  answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
): Promise<FakeAws> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const request = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: await buffer(incoming),
    };
    requests.push(request);
    const said = await answer(request);
    if (said === 'hang up') {
      incoming.socket.destroy();
      return;
    }
    const body = Buffer.from(said.body ?? '');
    const length = request.method === 'HEAD' ? {} : { 'content-length': String(body.length) };
    response.writeHead(said.status ?? 200, { ...length, ...said.headers });
    if (said.cutAt === undefined) response.end(body);
    else response.write(body.subarray(0, said.cutAt), () => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => promisify(server.getConnections.bind(server))(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An error as S3 words it. */
export function s3Error(status: number, code: string, more = ''): FakeAnswer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} happened</Message>${more}</Error>`;
  return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQ1' }, body };
}

/** An error as SQS words it. */
export function sqsError(status: number, type: string): FakeAnswer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'REQ1' },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: `${type} happened` }),
  };
}

/** An answer of SQS. */
export function sqsAnswer(body: unknown): FakeAnswer {
  return { headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) };
}

/** What the SDK needs to sign requests to a fake. */
export const FAKE_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'AKIAFAKE',
  AWS_SECRET_ACCESS_KEY: 'a-secret-that-nobody-may-see',
  AWS_REGION: 'eu-west-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};
