import { setTimeout as delay } from 'node:timers/promises';
import type { DemoBatch } from '@lakewright/otlp';
import { UnreachableError } from './errors.ts';
import type { OtlpTarget } from './otlp-target.ts';
import { partialSuccess } from './partial-success.ts';

/** What became of the records that were handed to a sender. */
export interface SendTotals {
  /** Handed over. */
  records: number;
  requests: number;
  bytes: number;
  /** Stored, as the receiver said. */
  acknowledged: number;
  /** Refused one by one in partial successes. */
  rejected: number;
  /** Never acknowledged. */
  lost: number;
  retries: number;
  /** Distinct reasons of rejections and losses, up to MOST_REASONS. */
  readonly reasons: Set<string>;
}

export interface SenderOptions {
  readonly target: OtlpTarget;
  /** Requests under way at a time. */
  readonly concurrency: number;
  /** How long a request is tried again before it counts as lost, ms. */
  readonly retryForMs: number;
  /** Once aborted, nothing is tried again. */
  readonly signal?: AbortSignal;
}

const MOST_REASONS = 5;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5000;
/** Answers after which OTLP/HTTP says to try again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** Posts OTLP/HTTP protobuf requests, several at a time, and tries again when the receiver asks for it. */
export class OtlpSender {
  readonly totals: SendTotals = {
    records: 0,
    requests: 0,
    bytes: 0,
    acknowledged: 0,
    rejected: 0,
    lost: 0,
    retries: 0,
    reasons: new Set(),
  };
  readonly #options: SenderOptions;
  readonly #underWay = new Set<Promise<void>>();
  #answered = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the request is under way, which waits while `concurrency` others are.
   * Throws UnreachableError when nothing has ever answered at the endpoint.
   */
  async send(batch: DemoBatch): Promise<void> {
    while (this.#underWay.size >= this.#options.concurrency) await Promise.race(this.#underWay);
    const { totals } = this;
    totals.records += batch.records;
    totals.requests++;
    totals.bytes += batch.body.length;
    if (!this.#answered) {
      await this.#deliver(batch);
      return;
    }
    const delivery = this.#deliver(batch).finally(() => this.#underWay.delete(delivery));
    this.#underWay.add(delivery);
  }

  /** Resolves when every request is answered or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #deliver(batch: DemoBatch): Promise<void> {
    const { totals } = this;
    const giveUpAt = performance.now() + this.#options.retryForMs;
    for (let attempt = 0; ; attempt++) {
      const wait = await this.#attempt(batch, attempt);
      if (wait === undefined) return;
      const { signal } = this.#options;
      if (signal?.aborted || performance.now() + wait.ms > giveUpAt) {
        totals.lost += batch.records;
        this.#reason(wait.reason);
        return;
      }
      totals.retries++;
      await delay(wait.ms, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One try; undefined when the batch is settled, else how long to wait and why. */
  async #attempt(batch: DemoBatch, attempt: number): Promise<{ ms: number; reason: string } | undefined> {
    const { endpoint, headers } = this.#options.target;
    const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
    let response: Response;
    let body: Uint8Array;
    try {
      response = await fetch(`${endpoint}/v1/${batch.signal}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-protobuf' },
        body: batch.body,
      });
      body = new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      if (!this.#answered) throw new UnreachableError(endpoint, { cause: error });
      return { ms: backoff, reason: `the connection to ${endpoint} failed` };
    }
    this.#answered = true;
    if (response.ok) {
      this.#settle(batch, body);
      return undefined;
    }
    const reason = `${endpoint}/v1/${batch.signal} answered ${response.status}`;
    if (RETRYABLE.has(response.status)) return { ms: retryAfterMs(response) ?? backoff, reason };
    this.totals.lost += batch.records;
    this.#reason(response.status === 401 ? `${reason}: put a valid API key into LAKEWRIGHT_API_KEY` : reason);
    return undefined;
  }

  #settle(batch: DemoBatch, response: Uint8Array): void {
    const { rejected, message } = partialSuccess(response);
    this.totals.acknowledged += batch.records - rejected;
    this.totals.rejected += rejected;
    if (message !== '') this.#reason(message);
  }

  #reason(text: string): void {
    if (this.totals.reasons.size < MOST_REASONS) this.totals.reasons.add(text);
  }
}

/** Retry-After in ms: seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
