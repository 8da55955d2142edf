import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request on its way to moto, or what moto said. */
interface Message {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Question {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  body: string;
}

/** Answers a request itself, or changes it and passes it on, and may change what comes back. */
type Mend = (question: Question, forward: () => Promise<Message>) => Promise<Message>;

/**
 * A server before moto that mends, by what AWS documents, the four answers for which Terraform would wait for ever
 * or see a change where there is none. Everything else passes as it is.
 */
export async function mendMoto(motoUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const mends: Mend[] = [
    keepRedriveAllowPolicy(),
    compactRedrivePolicy,
    tellOfEventBridge(),
    leaveOutImageConfig,
  ];
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing, motoUrl, mends).catch((error: unknown) => {
      outgoing.writeHead(502).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  motoUrl: string,
  mends: readonly Mend[],
): Promise<void> {
  const question: Question = {
    method: incoming.method ?? 'GET',
    url: new URL(incoming.url ?? '/', motoUrl),
    headers: oneValueEach(incoming),
    // Terraform sends no bytes that are not text; latin1 keeps them in any case.
    body: (await buffer(incoming)).toString('latin1'),
  };
  const chain = mends.reduceRight<() => Promise<Message>>(
    (next, mend) => () => mend(question, next),
    () => send(question),
  );
  const { status, headers, body } = await chain();
  const bytes = Buffer.from(body, 'latin1');
  outgoing.writeHead(
    status,
    question.method === 'HEAD' ? headers : { ...headers, 'content-length': bytes.length },
  );
  outgoing.end(bytes);
}

function oneValueEach(incoming: IncomingMessage): Record<string, string> {
  // The host stays: moto makes the URLs of queues from it. What belongs to one connection does not.
  const dropped = new Set(['connection', 'content-length', 'transfer-encoding', 'expect', 'accept-encoding']);
  return Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      value === undefined || dropped.has(name) ? [] : [[name, String(value)]],
    ),
  );
}

async function send({ method, url, headers, body }: Question): Promise<Message> {
  const bytes = Buffer.from(body, 'latin1');
  const outgoing = request(url, {
    agent: false,
    method,
    headers: { ...headers, 'content-length': bytes.length },
  });
  outgoing.end(bytes);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 502,
    headers: oneValueEach(incoming),
    body: (await buffer(incoming)).toString('latin1'),
  };
}

interface QueueAttributes {
  readonly QueueUrl: string;
  readonly Attributes?: Record<string, string>;
  readonly AttributeNames?: readonly string[];
}

const isSqs = (question: Question, action: string) =>
  question.headers['x-amz-target'] === `AmazonSQS.${action}`;

/** moto 5.2 drops `RedriveAllowPolicy` when it is set and refuses to read it. SQS keeps it. */
function keepRedriveAllowPolicy(): Mend {
  const name = 'RedriveAllowPolicy';
  const kept = new Map<string, string>();
  const ok = (value: object): Message => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(value),
  });
  return async (question, forward) => {
    if (isSqs(question, 'DeleteQueue')) {
      kept.delete((JSON.parse(question.body) as QueueAttributes).QueueUrl);
      return forward();
    }
    if (isSqs(question, 'SetQueueAttributes')) {
      const { QueueUrl, Attributes = {} } = JSON.parse(question.body) as QueueAttributes;
      const { [name]: policy, ...rest } = Attributes;
      if (policy === '') kept.delete(QueueUrl);
      else if (policy !== undefined) kept.set(QueueUrl, policy);
      if (Object.keys(rest).length === 0) return ok({});
      question.body = JSON.stringify({ QueueUrl, Attributes: rest });
      return forward();
    }
    if (!isSqs(question, 'GetQueueAttributes')) return forward();
    const { QueueUrl, AttributeNames = [] } = JSON.parse(question.body) as QueueAttributes;
    const policy = kept.get(QueueUrl);
    const own = policy === undefined ? {} : { [name]: policy };
    if (AttributeNames.includes(name)) return ok({ Attributes: own });
    const answer = await forward();
    if (answer.status !== 200 || !AttributeNames.includes('All')) return answer;
    const { Attributes } = JSON.parse(answer.body) as QueueAttributes;
    return { ...answer, body: JSON.stringify({ Attributes: { ...Attributes, ...own } }) };
  };
}

/** moto 5.2 answers `RedrivePolicy` with spaces of its own. SQS gives back the text without any. */
const compactRedrivePolicy: Mend = async (question, forward) => {
  const answer = await forward();
  if (!isSqs(question, 'GetQueueAttributes') || answer.status !== 200) return answer;
  const { Attributes = {} } = JSON.parse(answer.body) as QueueAttributes;
  if (Attributes.RedrivePolicy === undefined) return answer;
  const RedrivePolicy = JSON.stringify(JSON.parse(Attributes.RedrivePolicy));
  return { ...answer, body: JSON.stringify({ Attributes: { ...Attributes, RedrivePolicy } }) };
};

/** moto 5.2 stores a bucket's EventBridge configuration and leaves it out when it is asked. S3 tells it. */
function tellOfEventBridge(): Mend {
  const on = new Set<string>();
  return async (question, forward) => {
    if (!question.url.searchParams.has('notification')) return forward();
    const bucket = question.url.pathname;
    if (question.method === 'PUT') {
      if (question.body.includes('<EventBridgeConfiguration')) on.add(bucket);
      else on.delete(bucket);
      return forward();
    }
    const answer = await forward();
    if (question.method !== 'GET' || answer.status !== 200 || !on.has(bucket)) return answer;
    return {
      ...answer,
      body: answer.body
        .replace(
          /<NotificationConfiguration([^>]*)\/>/,
          '<NotificationConfiguration$1></NotificationConfiguration>',
        )
        .replace('</NotificationConfiguration>', '<EventBridgeConfiguration/>$&'),
    };
  };
}

interface FunctionConfiguration {
  ImageConfigResponse?: { ImageConfig?: Record<string, unknown> };
}

/** moto 5.2 answers an empty `ImageConfigResponse` for a function that has none. Lambda leaves it out. */
const leaveOutImageConfig: Mend = async (question, forward) => {
  const answer = await forward();
  if (!/\/functions\/[^/]+(\/configuration)?$/.test(question.url.pathname) || answer.status !== 200)
    return answer;
  if (answer.body === '') return answer;
  const told = JSON.parse(answer.body) as FunctionConfiguration & { Configuration?: FunctionConfiguration };
  for (const configuration of [told, told.Configuration]) {
    const said = Object.values(configuration?.ImageConfigResponse?.ImageConfig ?? {}).flat();
    if (configuration !== undefined && said.length === 0) delete configuration.ImageConfigResponse;
  }
  return { ...answer, body: JSON.stringify(told) };
};
