import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What a route says of itself when its requests may take as long as their bodies flow. */
export interface StreamedRoute {
  readonly streamed?: boolean;
}

/**
 * Calls `onLate` when the body of a request has not arrived after `timeoutMs`, and closes its connection
 * after the answer. Node.js has one such limit for a whole server, which would cut off big bodies too; routes
 * whose `config` says `streamed` watch their own.
 */
export function limitRequestTime(
  app: FastifyInstance,
  timeoutMs: number,
  onLate: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { streamed } = request.routeOptions.config as StreamedRoute;
    const { raw, headers } = request;
    const hasBody = 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
    if (hasBody && streamed !== true) {
      const timer = setTimeout(() => {
        if (raw.complete || reply.sent) return;
        reply.raw.once('finish', () => raw.destroy());
        onLate(request, reply);
      }, timeoutMs);
      raw.once('end', () => clearTimeout(timer));
      raw.once('close', () => clearTimeout(timer));
    }
    done();
  });
}
