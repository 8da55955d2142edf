import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, SIGNALS, type Signal } from '@lakewright/core';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Ticket } from './admission.ts';
import { tooLarge } from './decompress.ts';
import { ExportFailure, FAILURES } from './failure.ts';
import { listenError, prepare, type Receiver, type ReceiverOptions } from './options.ts';
import type { ExportPipeline } from './pipeline.ts';
import { CONTENT_TYPES, encodeResult, encodeStatus, type Format } from './responses.ts';

const FORMATS: Readonly<Record<string, Format>> = {
  'application/x-protobuf': 'protobuf',
  'application/protobuf': 'protobuf',
  'application/json': 'json',
};
const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Serves OTLP/HTTP: POST /v1/logs, /v1/traces and /v1/metrics, in protobuf or JSON, plain, gzip, deflate or
 * zstd. Every answer is in the request's encoding (JSON where that is unknown): Export*ServiceResponse or
 * google.rpc.Status, as the OTLP specification has it.
 *
 * Throws ConfigError when the address cannot be listened on or would need API keys.
 */
export async function startHttpReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { limits, pipeline } = prepare(options);
  const { host, port } = options;
  const app = Fastify({
    requestTimeout: limits.requestTimeoutMs,
    // Node.js looks for late requests every 30 s and gives headers 60 s, however short the request's time.
    http: {
      headersTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(30_000, limits.requestTimeoutMs / 10),
    },
    exposeHeadRoutes: false,
    // Until their connections close, late requests are answered like any other.
    return503OnClosing: false,
  });
  // The handler reads the body itself, under the limits.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  let closing = false;
  // A connection that is answered while closing would otherwise stay open, idle, until the grace is over.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  for (const signal of SIGNALS) addSignal(app, signal, pipeline, limits.maxRequestBytes);
  app.setNotFoundHandler((request, reply) =>
    refuse(
      request,
      reply,
      new ExportFailure('notFound', 'no such path; POST to /v1/logs, /v1/traces or /v1/metrics'),
    ),
  );
  app.setErrorHandler((error, request, reply) => {
    options.logger.log('debug', 'request refused by the HTTP server', { error: messageOf(error) });
    const kind = (error as { statusCode?: number }).statusCode === 415 ? 'unsupported' : 'invalid';
    return refuse(request, reply, new ExportFailure(kind, messageOf(error)));
  });
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError('OTLP/HTTP', host, port, error);
  }
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      closing = true;
      const cutOff = setTimeout(() => app.server.closeAllConnections(), limits.closeGraceMs);
      await app.close();
      clearTimeout(cutOff);
    },
  };
}

function addSignal(
  app: FastifyInstance,
  signal: Signal,
  pipeline: ExportPipeline,
  maxRequestBytes: number,
): void {
  const url = `/v1/${signal}`;
  app.post(url, async (request, reply) => {
    const { raw, headers } = request;
    const format = formatOf(headers['content-type']);
    const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const readBody = (ticket: Ticket) => readAll(raw, maxRequestBytes, ticket);
    const outcome = await pipeline.handle({ signal, transport: 'http', headers, format, encoding, readBody });
    if (outcome instanceof ExportFailure) return refuse(request, reply, outcome);
    const answerFormat = format ?? 'json';
    return reply
      .header('content-type', CONTENT_TYPES[answerFormat])
      .send(encodeResult(signal, answerFormat, outcome));
  });
  app.route({
    method: OTHER_METHODS,
    url,
    handler: (request, reply) =>
      refuse(request, reply, new ExportFailure('wrongMethod', `${url} takes POST only`)),
  });
}

function formatOf(contentType: string | undefined): Format | undefined {
  const type = (contentType ?? '').split(';', 1)[0].trim().toLowerCase();
  return Object.hasOwn(FORMATS, type) ? FORMATS[type] : undefined;
}

function refuse(request: FastifyRequest, reply: FastifyReply, failure: ExportFailure): FastifyReply {
  const format = formatOf(request.headers['content-type']) ?? 'json';
  if (failure.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (failure.kind === 'wrongMethod') reply.header('allow', 'POST');
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds));
  // What is left of a body that was given up must be read, or the connection could not be used again.
  request.raw.resume();
  return reply
    .code(FAILURES[failure.kind].http)
    .header('content-type', CONTENT_TYPES[format])
    .send(encodeStatus(format, failure));
}

/** The body as it was sent. Throws ExportFailure beyond `maxBytes`, leaving the rest unread. */
async function readAll(raw: IncomingMessage, maxBytes: number, ticket: Ticket): Promise<Buffer> {
  if (Number(raw.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      ticket.hold(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ExportFailure) throw error;
    throw new ExportFailure('invalid', 'the connection closed before the request was complete', {
      cause: error,
    });
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}
