import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { LakewrightError, type Logger, systemClock } from '@lakewright/core';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { RequestError } from '../errors.ts';
import type { SegmentFiles } from '../files/index.ts';
import { errorBody, statusOf } from '../http/error-body.ts';
import { poolThreads } from '../sql/engine.ts';
import { sandboxPool } from '../sql/sandbox.ts';
import { DEFAULT_WORKER_LIMITS, type WorkerLimits } from './limits.ts';
import { workerMetrics } from './metrics.ts';
import { BUSY, DRAINING, HEADERS, sha256, UNITS_PATH, type WorkerReport } from './protocol.ts';
import { runUnit, type UnitAnswer } from './run-unit.ts';
import { createSigner, type SignedAnswer, type Signer } from './signature.ts';
import { parseUnit } from './unit.ts';

export interface QueryWorkerDeps {
  /** What makes segments readable here. The worker does not close it. */
  readonly files: SegmentFiles;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface QueryWorkerConfig {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The key that query API and workers share (`TOKEN_HMAC256_KEY`). */
  readonly key: string;
  /** Where units spill and answers wait to be sent: of this process alone. Made when absent. */
  readonly tempDirectory: string;
  readonly limits?: Partial<WorkerLimits>;
}

export interface QueryWorker {
  readonly port: number;
  readonly url: string;
  /** Refuses new units, lets running ones end within `drainMs`, interrupts the rest, and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a query worker: units in, Parquet out, over HTTP. Rejects with ConfigError for a key that is too short, and
 * with node's error when it cannot listen.
 */
export async function startQueryWorker(
  deps: QueryWorkerDeps,
  config: QueryWorkerConfig,
): Promise<QueryWorker> {
  const service = new WorkerService(deps, config);
  return service.start();
}

class WorkerService {
  readonly #deps: QueryWorkerDeps;
  readonly #config: QueryWorkerConfig;
  readonly #limits: WorkerLimits;
  readonly #signer: Signer;
  readonly #pool: ReturnType<typeof sandboxPool>;
  readonly #metrics: ReturnType<typeof workerMetrics>;
  readonly #app: FastifyInstance;
  readonly #interrupt = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #draining = false;

  constructor(deps: QueryWorkerDeps, config: QueryWorkerConfig) {
    this.#deps = deps;
    this.#config = config;
    const limits = { ...DEFAULT_WORKER_LIMITS, ...config.limits };
    // A unit holds one thread of Node.js' pool; two are left for everybody else.
    this.#limits = { ...limits, capacity: Math.max(1, Math.min(limits.capacity, poolThreads() - 2)) };
    this.#signer = createSigner(config.key, systemClock);
    this.#pool = sandboxPool(this.#limits, config.tempDirectory);
    this.#metrics = workerMetrics(deps.metrics, () => this.#running.size);
    this.#app = Fastify({ bodyLimit: this.#limits.maxUnitRequestBytes, forceCloseConnections: true });
  }

  async start(): Promise<QueryWorker> {
    const app = this.#app;
    const { host, port: wanted } = this.#config;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => body,
    );
    app.setErrorHandler((error, request, reply) => this.#sendError(error, request, reply, ''));
    app.get('/healthz', async () => ({ status: 'ok' }));
    app.get('/ready', async (_request, reply) => reply.code(this.#draining ? 503 : 200).send(this.#report()));
    app.get('/metrics', async (_request, reply) =>
      reply.header('content-type', this.#deps.metrics.contentType).send(await this.#deps.metrics.metrics()),
    );
    app.post(UNITS_PATH, (request, reply) => this.#take(request, reply));
    await app.listen({ host, port: wanted });
    const { port } = app.server.address() as AddressInfo;
    const shownHost = host.includes(':') ? `[${host}]` : host;
    return { port, url: `http://${shownHost}:${port}`, close: () => this.#close() };
  }

  #report(): WorkerReport {
    return { ready: !this.#draining, capacity: this.#limits.capacity, running: this.#running.size };
  }

  async #take(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const signed = { method: request.method, path: request.url, digest: sha256(body) };
    const checked = this.#signer.check(signed, request.headers.authorization);
    if ('refused' in checked) {
      this.#metrics.ended('unauthenticated');
      throw new RequestError(401, 'UNAUTHENTICATED', checked.refused);
    }
    const { nonce } = checked;
    try {
      if (this.#draining) throw new RequestError(503, DRAINING, 'the worker is being stopped');
      if (this.#running.size >= this.#limits.capacity) {
        throw new RequestError(
          429,
          BUSY,
          `${this.#running.size} units are running, which is the worker's capacity`,
        );
      }
      const work = this.#run(body.toString('utf8'), request, reply, nonce);
      this.#running.add(work);
      await work.finally(() => this.#running.delete(work));
      this.#metrics.ended('ok');
    } catch (error) {
      this.#metrics.ended(error instanceof LakewrightError ? error.code : 'UNKNOWN');
      this.#sendError(error, request, reply, nonce);
    }
    return reply;
  }

  /** Runs a unit and sends its answer; resolves when it was sent or the asker went away. */
  async #run(text: string, request: FastifyRequest, reply: FastifyReply, nonce: string): Promise<void> {
    const unit = parseUnit(text);
    const seconds = Math.min(600, Number((request.query as { seconds?: string }).seconds) || 30);
    const gone = new AbortController();
    const onClose = () => gone.abort();
    reply.raw.once('close', onClose);
    const signal = AbortSignal.any([gone.signal, this.#interrupt.signal]);
    const means = {
      files: this.#deps.files,
      pool: this.#pool,
      limits: this.#limits,
      tempDirectory: this.#config.tempDirectory,
    };
    const answer = await runUnit(means, unit, { seconds, signal });
    try {
      await this.#send(answer, reply, nonce);
    } finally {
      reply.raw.off('close', onClose);
      await answer.release();
    }
  }

  async #send(answer: UnitAnswer, reply: FastifyReply, nonce: string): Promise<void> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(answer.path, { highWaterMark: 256 * 1024 }))
      hash.update(chunk);
    const digest = hash.digest('hex');
    this.#metrics.answered(answer);
    const closed = new Promise<void>((resolve) => {
      if (reply.raw.destroyed) resolve();
      reply.raw.once('close', () => resolve());
    });
    reply
      .type('application/vnd.apache.parquet')
      .header('content-length', String(answer.bytes))
      .header(HEADERS.rows, String(answer.rows))
      .header(HEADERS.bytesRead, String(answer.bytesRead))
      .headers(this.#sealed({ status: 200, digest, rows: answer.rows, bytesRead: answer.bytesRead, nonce }))
      .send(createReadStream(answer.path));
    await closed;
  }

  #sealed(answer: SignedAnswer): Record<string, string> {
    return { [HEADERS.digest]: answer.digest, [HEADERS.signature]: this.#signer.answer(answer) };
  }

  #sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, nonce: string): void {
    if (reply.sent || reply.raw.destroyed) return;
    const foreign = (error as { statusCode?: unknown }).statusCode;
    const status =
      error instanceof LakewrightError || typeof foreign !== 'number' ? statusOf(error) : foreign;
    if (status === 500) this.#deps.logger.log('error', 'a unit failed', { route: request.url, error });
    const text = JSON.stringify(errorBody(error));
    if (nonce !== '')
      reply.headers(this.#sealed({ status, digest: sha256(text), rows: 0, bytesRead: 0, nonce }));
    reply.code(status).type('application/json').send(text);
  }

  async #close(): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(() => this.#interrupt.abort(), this.#limits.drainMs);
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
    clearTimeout(timer);
    await this.#app.close();
    await this.#pool.close();
  }
}
