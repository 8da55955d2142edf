import { setTimeout as delay } from 'node:timers/promises';
import {
  Backoff,
  BadInputError,
  ConfigError,
  messageOf,
  type StatementEngine,
  type StatementOptions,
  type StatementRow,
  UnavailableError,
} from '@lakewright/core';
import { EngineError } from '../errors.ts';
import { type ExactObject, isObject, parseExact } from '../sql/exact-json.ts';

export interface TrinoOptions {
  /** Of the coordinator: `https://trino.example:8443`. */
  readonly url: string;
  /** The Iceberg catalog, and the schema in it, that hold the lake's tables. */
  readonly catalog: string;
  readonly schema: string;
  readonly user: string;
  /** Sent over TLS, or to this machine, and nowhere else. */
  readonly password?: string;
  /** Milliseconds for which a coordinator that is busy or away is asked again. Default 60,000. */
  readonly patienceMs?: number;
}

/** "An intermittent problem": the same request is sent again in 50 to 100 ms, says the protocol. */
const INTERMITTENT = new Set([502, 503, 504]);
const FIRST_PAUSE_MS = 75;
const LONGEST_PAUSE_MS = 2_000;
const PATIENCE_MS = 60_000;
/** A coordinator holds a request for a second or so while nothing happens. */
const REQUEST_TIMEOUT_MS = 120_000;
const CANCEL_TIMEOUT_MS = 5_000;
/** Errors of the server and its resources may be gone next time; those of the user are not. */
const TRANSIENT = new Set(['INSUFFICIENT_RESOURCES', 'INTERNAL_ERROR', 'EXTERNAL']);

/** Trino, by its client protocol (https://trino.io/docs/current/develop/client-protocol.html). */
export function trinoEngine(options: TrinoOptions): StatementEngine {
  const client = new TrinoClient(options);
  return {
    name: 'Trino',
    run: (statement, runOptions) => client.run(statement, runOptions),
    close: () => undefined,
  };
}

class TrinoClient {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #patienceMs: number;

  constructor({ url, catalog, schema, user, password, patienceMs = PATIENCE_MS }: TrinoOptions) {
    this.#base = new URL(url);
    this.#patienceMs = patienceMs;
    if (password !== undefined && this.#base.protocol !== 'https:' && !isLoopback(this.#base)) {
      throw new ConfigError(`a password is not sent to ${this.#base.origin} in the clear`, {
        hint: 'name an address that begins with https://',
      });
    }
    this.#headers = {
      'x-trino-user': user,
      'x-trino-source': 'lakewright',
      'x-trino-catalog': catalog,
      'x-trino-schema': schema,
      'x-trino-time-zone': 'UTC',
      ...(password === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
    };
  }

  async *run(
    statement: string,
    { signal, onProgress }: StatementOptions = {},
  ): AsyncGenerator<readonly StatementRow[]> {
    let next: URL | undefined = new URL('/v1/statement', this.#base);
    let request: RequestInit = { method: 'POST', body: statement };
    let started = false;
    try {
      while (next !== undefined) {
        const answer = await this.#ask(next, request, signal);
        started = true;
        next = this.#nextOf(answer);
        request = { method: 'GET' };
        onProgress?.(progressOf(answer));
        throwIfFailed(answer);
        const rows = rowsOf(answer);
        if (rows.length > 0) yield rows;
      }
    } finally {
      // Whoever leaves early, for whatever reason, leaves nothing running.
      if (started && next !== undefined) await this.#cancel(next);
    }
  }

  async #ask(url: URL, request: RequestInit, signal: AbortSignal | undefined): Promise<ExactObject> {
    const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      const outcome = await this.#once(url, request, signal);
      if (!(outcome instanceof UnavailableError)) return outcome;
      if (performance.now() >= until) throw outcome;
      await delay(backoff.failed(), undefined, { signal });
    }
  }

  /** The answer, or what stood in its way and may be gone soon. */
  async #once(
    url: URL,
    request: RequestInit,
    signal: AbortSignal | undefined,
  ): Promise<ExactObject | UnavailableError> {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        ...request,
        headers: this.#headers,
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      return new UnavailableError(`Trino at ${this.#base.origin} does not answer: ${messageOf(cause)}`);
    }
    const { status } = response;
    if (status === 200) return answerOf(text, this.#base);
    if (INTERMITTENT.has(status) || status === 429) {
      return new UnavailableError(`Trino at ${this.#base.origin} answered ${status}`);
    }
    if (status === 401 || status === 403) {
      throw new ConfigError(`Trino at ${this.#base.origin} answered ${status}`, {
        hint: 'check TRINO_USER and TRINO_PASSWORD',
      });
    }
    throw new EngineError(`Trino at ${this.#base.origin} answered ${status}`, {
      hint: 'check that --engine-url is the address of a Trino coordinator',
    });
  }

  /** Where the next answer is. The password goes to no other place than the one it was given for. */
  #nextOf(answer: ExactObject): URL | undefined {
    if (typeof answer.nextUri !== 'string') return undefined;
    const next = new URL(answer.nextUri);
    if (next.origin === this.#base.origin) return next;
    throw new ConfigError(`Trino at ${this.#base.origin} goes on at ${next.origin}`, {
      hint: 'name that address with --engine-url, or set http-server.process-forwarded=true behind a proxy',
    });
  }

  async #cancel(next: URL): Promise<void> {
    const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
    // The coordinator forgets a query that nobody asks for, a few minutes later.
    await fetch(next, { method: 'DELETE', headers: this.#headers, signal }).catch(() => undefined);
  }
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);

function answerOf(text: string, base: URL): ExactObject {
  try {
    // A bigint may be past what a number holds.
    const answer = parseExact(text);
    if (isObject(answer)) return answer;
  } catch {
    // What is no JSON is no answer of Trino.
  }
  throw new EngineError(`${base.origin} does not answer as Trino does`, {
    hint: 'check that --engine-url is the address of a Trino coordinator',
  });
}

function progressOf({ stats }: ExactObject): { state: string; percent?: number } {
  const { state, progressPercentage: percent } = isObject(stats) ? stats : {};
  return {
    state: typeof state === 'string' ? state : 'RUNNING',
    ...(typeof percent === 'number' ? { percent } : {}),
  };
}

function throwIfFailed({ error }: ExactObject): void {
  if (!isObject(error)) return;
  const { message, errorName, errorType } = error;
  const said = `Trino: ${String(message)} (${String(errorName)})`;
  if (
    errorName === 'TABLE_NOT_FOUND' ||
    errorName === 'SCHEMA_NOT_FOUND' ||
    errorName === 'CATALOG_NOT_FOUND'
  ) {
    throw new BadInputError(said, {
      hint: 'check TRINO_CATALOG and TRINO_SCHEMA; a table is there when it has had its first row',
    });
  }
  if (TRANSIENT.has(String(errorType))) throw new UnavailableError(said);
  throw new BadInputError(said);
}

function rowsOf({ data }: ExactObject): readonly StatementRow[] {
  if (data === undefined || data === null) return [];
  if (Array.isArray(data) && data.every(Array.isArray)) return data;
  throw new EngineError('Trino answered with rows in an encoding that was not asked for');
}
