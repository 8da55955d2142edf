import { LimitError, UnavailableError } from '@lakewright/core';
import { CancelledError } from '../errors.ts';
import type { DispatchLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

/** What a unit that wants a place on a worker says of itself. */
export interface Waiting {
  readonly affinity: string;
  /** Workers that failed it: taken only when there is no other. */
  readonly failed: ReadonlySet<string>;
  /** Which unit of its query it is: the first ones of all queries go before the second ones. */
  readonly turn: number;
  /** When it began to wait, ms of performance.now(). */
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

/** A place on a worker. */
export interface Place {
  readonly address: string;
  /** `busy`: the worker had no place after all. `failed`: nobody goes there until it was looked at again. */
  leave(outcome: 'done' | 'busy' | 'failed'): void;
}

interface Worker {
  readonly address: string;
  capacity: number;
  inFlight: number;
  /** No unit goes there before, ms of performance.now(). */
  pausedUntilMs: number;
  ready: boolean;
}

interface Waiter extends Waiting {
  enqueuedMs: number;
  /** Of the workers at `version`, the best first. */
  rank: { readonly version: number; readonly addresses: readonly string[] };
  resolve(place: Place): void;
  reject(error: Error): void;
}

/** Milliseconds for which a worker that said that it is busy is left alone. */
const BUSY_PAUSE_MS = 100;
/** How often waiting units are looked at when nothing else happens. */
const TICK_MS = 25;

/**
 * Hands out places on workers. A unit goes to the worker that its segments are hashed to; when that one is
 * full it waits `patienceMs` for it and then goes to the next best with a place.
 */
export class Places {
  readonly #limits: Pick<DispatchLimits, 'maxQueuedUnits' | 'maxUnitWaitSeconds' | 'patienceMs'>;
  readonly #workers = new Map<string, Worker>();
  /** By turn. */
  readonly #waiters: Waiter[] = [];
  /** Of the workers of the last setReady, which this counts. */
  #rendezvous = rendezvous([]);
  #version = 0;
  #ticking: NodeJS.Timeout | undefined;

  constructor(limits: Pick<DispatchLimits, 'maxQueuedUnits' | 'maxUnitWaitSeconds' | 'patienceMs'>) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiters.length;
  }
  get inFlight(): number {
    return [...this.#workers.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }
  /** The workers that take units. */
  get ready(): { readonly address: string; readonly capacity: number }[] {
    return [...this.#workers.values()].filter(({ ready }) => ready);
  }

  /** From now on these are the workers, with what each runs at a time. */
  setReady(capacities: ReadonlyMap<string, number>): void {
    this.#version++;
    this.#rendezvous = rendezvous([...capacities.keys()]);
    for (const worker of this.#workers.values()) worker.ready = capacities.has(worker.address);
    for (const [address, capacity] of capacities) {
      const worker = this.#workers.get(address);
      if (worker === undefined) {
        this.#workers.set(address, { address, capacity, inFlight: 0, pausedUntilMs: 0, ready: true });
      } else worker.capacity = capacity;
    }
    for (const [address, { ready, inFlight }] of this.#workers) {
      if (!ready && inFlight === 0) this.#workers.delete(address);
    }
    this.#serve();
  }

  /**
   * A place for a unit, when it is its turn. Throws LimitError (`maxQueuedUnits`, `maxUnitWaitSeconds`),
   * UnavailableError when no worker was ready all the while, CancelledError.
   */
  take(waiting: Waiting): Promise<Place> {
    if (waiting.signal.aborted) return Promise.reject(new CancelledError());
    if (this.#waiters.length >= this.#limits.maxQueuedUnits) {
      return Promise.reject(
        new LimitError('maxQueuedUnits', `${this.#waiters.length} units wait for a query worker already`, {
          hint: 'try again in a moment, or start more query workers',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#drop(waiter, new CancelledError());
      const waiter: Waiter = {
        ...waiting,
        enqueuedMs: performance.now(),
        rank: { version: -1, addresses: [] },
        resolve: (place) => {
          waiting.signal.removeEventListener('abort', onAbort);
          resolve(place);
        },
        reject: (error) => {
          waiting.signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      waiting.signal.addEventListener('abort', onAbort, { once: true });
      const behind = this.#waiters.findIndex(({ turn }) => turn > waiting.turn);
      this.#waiters.splice(behind < 0 ? this.#waiters.length : behind, 0, waiter);
      this.#serve();
    });
  }

  #drop(waiter: Waiter, error: Error): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
    waiter.reject(error);
  }

  #serve(): void {
    const now = performance.now();
    for (const waiter of [...this.#waiters]) {
      const worker = this.#choose(waiter, now);
      if (worker !== undefined) {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        waiter.resolve(this.#placeOn(worker));
      } else if (now - waiter.sinceMs > this.#limits.maxUnitWaitSeconds * 1000) {
        this.#drop(waiter, this.#waitedTooLong());
      }
    }
    this.#keepTicking();
  }

  #keepTicking(): void {
    if (this.#waiters.length === 0) {
      clearTimeout(this.#ticking);
      this.#ticking = undefined;
      return;
    }
    this.#ticking ??= setTimeout(() => {
      this.#ticking = undefined;
      this.#serve();
    }, TICK_MS);
  }

  #choose(waiter: Waiter, now: number): Worker | undefined {
    if (waiter.rank.version !== this.#version) {
      waiter.rank = { version: this.#version, addresses: this.#rendezvous.ranked(waiter.affinity) };
    }
    const ready = waiter.rank.addresses
      .map((address) => this.#workers.get(address))
      .filter((worker) => worker?.ready === true) as Worker[];
    const others = ready.filter(({ address }) => !waiter.failed.has(address));
    const candidates = others.length > 0 ? others : ready;
    const patient = now - waiter.enqueuedMs < this.#limits.patienceMs;
    return (patient ? candidates.slice(0, 1) : candidates).find(
      ({ inFlight, capacity, pausedUntilMs }) => inFlight < capacity && pausedUntilMs <= now,
    );
  }

  #placeOn(worker: Worker): Place {
    worker.inFlight++;
    let left = false;
    return {
      address: worker.address,
      leave: (outcome) => {
        if (left) return;
        left = true;
        worker.inFlight--;
        if (outcome === 'busy') worker.pausedUntilMs = performance.now() + BUSY_PAUSE_MS;
        if (outcome === 'failed') worker.ready = false;
        this.#serve();
      },
    };
  }

  #waitedTooLong(): Error {
    const { maxUnitWaitSeconds } = this.#limits;
    if (this.ready.length === 0) {
      return new UnavailableError(
        `no query worker was ready within ${maxUnitWaitSeconds} s (maxUnitWaitSeconds)`,
        {
          hint: 'are the query workers running, and is their address right?',
        },
      );
    }
    return new LimitError(
      'maxUnitWaitSeconds',
      `no place on the ${this.ready.length} query workers became free within ${maxUnitWaitSeconds} s`,
      { hint: 'try again in a moment, or start more query workers' },
    );
  }
}
