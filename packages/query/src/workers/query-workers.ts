import { type Clock, type Logger, UnavailableError } from '@lakewright/core';
import type { Registry } from 'prom-client';
import { CancelledError } from '../errors.ts';
import { type Answered, askWorker, WorkerBusy, WorkerFailure } from './ask.ts';
import { DEFAULT_DISPATCH_LIMITS, type DispatchLimits } from './limits.ts';
import { type Members, type WorkerSource, watchMembers } from './members.ts';
import { type DispatchMetrics, dispatchMetrics } from './metrics.ts';
import { type Place, Places } from './places.ts';
import type { PlannedUnit, PlannedWorker } from './plan-units.ts';
import { createSigner, type Signer } from './signature.ts';
import { encodeUnit } from './unit.ts';

/** Workers that read segments for queries. */
export interface QueryWorkers {
  readonly limits: DispatchLimits;
  /** Who takes units now; waits for the first look at who is there. */
  ready(): Promise<readonly PlannedWorker[]>;
  /**
   * Runs one unit on a worker and writes its answer to `path`: on another worker when one fails, at most
   * `maxUnitAttempts` in all. Throws the unit's own error (SegmentReadError, LimitError), UnavailableError
   * that names the unit's first segment when nobody could run it, CancelledError, and what `onBytes` throws.
   * `onBytes` is told of bytes of the answer before they are kept, and with a negative number of those thrown away.
   */
  run(
    planned: PlannedUnit,
    how: {
      readonly path: string;
      /** Which unit of its query it is. */
      readonly turn: number;
      readonly signal: AbortSignal;
      readonly onBytes: (bytes: number) => void;
    },
  ): Promise<Answered>;
  close(): Promise<void>;
}

export interface QueryWorkersOptions {
  readonly source: WorkerSource;
  /** The key that query API and workers share (`TOKEN_HMAC256_KEY`). */
  readonly key: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly limits?: Partial<DispatchLimits>;
}

/** Watches the workers of `source` and asks them. Throws ConfigError for a key that is too short. */
export function connectQueryWorkers(options: QueryWorkersOptions): QueryWorkers {
  return new Dispatch(options);
}

class Dispatch implements QueryWorkers {
  readonly limits: DispatchLimits;
  readonly #signer: Signer;
  readonly #places: Places;
  readonly #members: Members;
  readonly #metrics: DispatchMetrics;
  readonly #logger: Logger;

  constructor({ source, key, clock, logger, metrics, limits }: QueryWorkersOptions) {
    this.limits = { ...DEFAULT_DISPATCH_LIMITS, ...limits };
    this.#signer = createSigner(key, clock);
    this.#logger = logger;
    const places = new Places(this.limits);
    this.#places = places;
    this.#metrics = dispatchMetrics(metrics, {
      ready: () => places.ready.length,
      waiting: () => places.waiting,
      inFlight: () => places.inFlight,
    });
    this.#members = watchMembers(source, logger, (ready) => places.setReady(ready));
  }

  async ready(): Promise<readonly PlannedWorker[]> {
    await this.#members.looked;
    return this.#places.ready;
  }

  async run(planned: PlannedUnit, how: Parameters<QueryWorkers['run']>[1]): Promise<Answered> {
    const body = encodeUnit(planned.unit);
    const failed = new Set<string>();
    const reasons: string[] = [];
    let sinceMs = performance.now();
    for (;;) {
      const { affinity } = planned;
      const place = await this.#places.take({
        affinity,
        failed,
        turn: how.turn,
        sinceMs,
        signal: how.signal,
      });
      const outcome = await this.#ask(place, body, how);
      if (outcome instanceof WorkerBusy) continue;
      if (!(outcome instanceof WorkerFailure)) return outcome;
      this.#members.look();
      failed.add(place.address);
      // Where workers are is for the log and no business of the asker.
      reasons.push(outcome.message);
      this.#logger.log('warn', 'a query worker failed', { address: place.address, reason: outcome.message });
      if (reasons.length >= this.limits.maxUnitAttempts) throw givenUp(planned, reasons);
      sinceMs = performance.now();
    }
  }

  /** Asks the worker of `place` and leaves the place. Throws what no other worker could mend. */
  async #ask(
    place: Place,
    body: string,
    { path, signal, onBytes }: Parameters<QueryWorkers['run']>[1],
  ): Promise<Answered | WorkerBusy | WorkerFailure> {
    let kept = 0;
    const counted = (bytes: number) => {
      onBytes(bytes);
      kept += bytes;
    };
    const { address } = place;
    try {
      const seconds = this.limits.maxUnitSeconds;
      const answer = await askWorker(
        { address, body, path, seconds, signal, onBytes: counted },
        this.#signer,
      );
      place.leave('done');
      this.#metrics.asked('ok');
      return answer;
    } catch (error) {
      onBytes(-kept);
      const busy = error instanceof WorkerBusy;
      const other = busy || error instanceof WorkerFailure;
      place.leave(!other ? 'done' : busy && !error.draining ? 'busy' : 'failed');
      if (signal.aborted) throw new CancelledError();
      this.#metrics.asked(!other ? 'refused' : busy ? 'busy' : 'failed');
      if (!other) throw error;
      return error;
    }
  }

  close(): Promise<void> {
    return this.#members.close();
  }
}

function givenUp({ unit }: PlannedUnit, reasons: readonly string[]): UnavailableError {
  const [first, ...others] = unit.segments;
  const which =
    others.length === 0 ? `segment ${first.key}` : `segment ${first.key} and ${others.length} others`;
  return new UnavailableError(
    `${reasons.length} query workers could not read ${which}: ${[...new Set(reasons)].join('; ')}`,
    {
      hint: 'see the logs of the query workers',
    },
  );
}
