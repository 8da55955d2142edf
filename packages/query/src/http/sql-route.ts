import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SqlEngine } from '../sql/engine.ts';
import type { SqlResult } from '../sql/result.ts';
import { chooseType } from './accept.ts';
import { parseSqlBody } from './sql-request.ts';
import { csvAnswer, jsonAnswer, ndjsonAnswer } from './text-formats.ts';

const ARROW = 'application/vnd.apache.arrow.stream';

/** The media types of an answer, the first one being what is sent to those who do not mind. */
const FORMATS: Readonly<Record<string, (result: SqlResult) => Promise<Readable> | Readable>> = {
  'application/json': (result) => Readable.from(jsonAnswer(result)),
  'application/x-ndjson': (result) => Readable.from(ndjsonAnswer(result)),
  'text/csv': (result) => Readable.from(csvAnswer(result)),
  [ARROW]: async (result) => {
    // Loading Arrow takes a moment that a server that starts should not wait for.
    const { arrowAnswer } = await import('./arrow-format.ts');
    return arrowAnswer(result);
  },
};

/** `POST /api/v1/sql`. `organizationOf` is whose lake a request may ask. */
export function addSqlRoute(
  app: FastifyInstance,
  engine: SqlEngine,
  organizationOf: (request: FastifyRequest) => string,
  closing: AbortSignal,
): void {
  app.post('/api/v1/sql', async (request, reply) => {
    const type = chooseType(request.headers.accept, Object.keys(FORMATS));
    const body = parseSqlBody(request.body);
    const signal = AbortSignal.any([closing, abandoned(reply)]);
    const result = await engine.query({ organization: organizationOf(request), ...body, signal });
    try {
      const stream = await FORMATS[type](result);
      // A reader that goes away before its first read leaves the stream without running it.
      stream.once('close', () => void result.close());
      return reply.headers(headersOf(type, result)).send(stream);
    } catch (error) {
      await result.close();
      throw error;
    }
  });
}

/** What the formats without room for statistics say of an answer. */
function headersOf(type: string, { stats }: SqlResult): Record<string, string> {
  return {
    'content-type': type.startsWith('text/') ? `${type}; charset=utf-8; header=present` : type,
    'lakewright-rows': String(stats.rowsReturned),
    'lakewright-truncated': String(stats.truncated),
  };
}

/** Aborted when the asker is gone before the answer is complete. */
function abandoned(reply: FastifyReply): AbortSignal {
  const aborter = new AbortController();
  // It may have gone while its body was being read.
  if (reply.raw.destroyed || reply.raw.socket?.destroyed) aborter.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) aborter.abort();
  });
  return aborter.signal;
}
