import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import {
  type Clock,
  LimitError,
  type Logger,
  messageOf,
  type ObjectStore,
  UnavailableError,
  ulidSource,
} from '@lakewright/core';
import type { RawRequest, RawSink } from '@lakewright/otlp';
import type { Registry } from 'prom-client';
import type { NewRawObject } from '../catalog/index.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import { Group, type WaitingRequest } from './group.ts';
import { checkGroup, rawKey } from './keys.ts';
import { COMMIT_LIMITS, type CommitLimits } from './limits.ts';
import { rawMetrics } from './metrics.ts';

const compress = promisify(zstdCompress);
/** The quickest level: raw objects are read once, and senders wait for this. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export interface GroupCommitOptions {
  readonly store: ObjectStore;
  /** Where in the store raw objects go; one data directory unless said otherwise. */
  readonly places?: Places;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly limits?: Partial<CommitLimits>;
  /** Told of every raw object after it is durable and its senders are answered. */
  readonly onCommitted: (object: NewRawObject) => void;
}

export interface GroupCommitter extends RawSink {
  /** Commits what waits and refuses what comes later. Resolves when every sender is answered. */
  close(): Promise<void>;
}

/**
 * The sink behind the receivers: bodies of one organization, collector and signal are concatenated (which of
 * OTLP export requests makes one valid request), compressed and put as one raw object; then all their senders
 * are answered. When the put fails, nothing is stored and all of them get UnavailableError.
 *
 * `accept` throws LimitError (`maxWaitingBytes`) when too much waits, UnavailableError after `close`, and
 * BadInputError when organization or collector cannot be part of a key. It keeps the body until it settles.
 */
export function groupCommitter(options: GroupCommitOptions): GroupCommitter {
  return new Committer(options);
}

class Committer implements GroupCommitter {
  readonly #options: GroupCommitOptions;
  readonly #limits: CommitLimits;
  readonly #metrics;
  readonly #ulid = ulidSource();
  readonly #groups = new Map<string, Group>();
  #waitingBytes = 0;
  #closed = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#limits = { ...COMMIT_LIMITS, ...options.limits };
    this.#metrics = rawMetrics(options.metrics);
  }

  async accept(request: RawRequest): Promise<void> {
    if (this.#closed) throw new UnavailableError('the receiver is shutting down', { retryAfterSeconds: 1 });
    checkGroup(request);
    const size = request.body.length;
    // An empty request holds nothing that could be lost.
    if (size === 0) return;
    const { maxWaitingBytes } = this.#limits;
    // One body alone is always taken: its own size is for the receiver to judge.
    if (this.#waitingBytes > 0 && this.#waitingBytes + size > maxWaitingBytes) {
      throw new LimitError('maxWaitingBytes', `more than ${maxWaitingBytes} bytes wait to be stored`, {
        hint: 'send again later; the disk takes less than is sent',
      });
    }
    this.#addWaiting(size);
    try {
      await new Promise<void>((resolve, reject) => this.#groupOf(request).add({ request, resolve, reject }));
    } finally {
      this.#addWaiting(-size);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#groups.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const group of this.#groups.values()) group.flush();
    await empty;
  }

  #addWaiting(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#metrics.waitingBytes.set(this.#waitingBytes);
  }

  #groupOf({ organization, collector, signal }: RawRequest): Group {
    const name = `${organization}/${collector}/${signal}`;
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group = new Group({
      commitBytes: this.#limits.commitBytes,
      intervalMs: this.#limits.commitIntervalMs,
      commit: (batch) => this.#commit(batch),
      onIdle: () => this.#drop(name),
    });
    this.#groups.set(name, group);
    return group;
  }

  #drop(name: string): void {
    this.#groups.delete(name);
    if (this.#groups.size === 0) this.#onEmpty?.();
  }

  async #commit(batch: readonly WaitingRequest[]): Promise<void> {
    const { signal } = batch[0].request;
    const finished = this.#metrics.seconds.startTimer();
    let object: NewRawObject;
    try {
      object = await this.#store(batch.map(({ request }) => request));
    } catch (error) {
      this.#metrics.commits.inc({ signal, outcome: 'failed' });
      this.#options.logger.log('error', 'accepted requests could not be stored', {
        signal,
        requests: batch.length,
        error: messageOf(error),
      });
      const refusal = unavailable(error);
      for (const { reject } of batch) reject(refusal);
      return;
    }
    finished();
    this.#metrics.commits.inc({ signal, outcome: 'stored' });
    for (const { resolve } of batch) resolve();
    this.#tell(object);
  }

  /** Puts the requests, which are of one group, as one object. */
  async #store(requests: readonly RawRequest[]): Promise<NewRawObject> {
    const [{ organization, collector, signal }] = requests;
    const bodies = requests.map(({ body }) => body);
    const body = bodies.length === 1 ? bodies[0] : Buffer.concat(bodies);
    const compressed = await compress(body, COMPRESSION);
    const arrivedMs = this.#options.clock.now();
    const base = (this.#options.places ?? ONE_PLACE).baseOf(organization);
    const key = rawKey({ organization, collector, signal }, this.#ulid(arrivedMs), arrivedMs, base);
    const { etag, size } = await this.#options.store.put(key, compressed);
    this.#metrics.bodyBytes.inc({ signal }, body.length);
    this.#metrics.storedBytes.inc({ signal }, size);
    this.#metrics.records.inc(
      { signal },
      requests.reduce((sum, { records }) => sum + records, 0),
    );
    return { organization, collector, signal, key, etag, size, arrivedNs: BigInt(arrivedMs) * 1_000_000n };
  }

  #tell(object: NewRawObject): void {
    try {
      this.#options.onCommitted(object);
    } catch (error) {
      // The object is durable and its senders are answered: ingest will find it by listing.
      this.#options.logger.log('error', 'a raw object could not be announced', {
        key: object.key,
        error: messageOf(error),
      });
    }
  }
}

function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  return new UnavailableError('the request could not be stored', { cause: error });
}
