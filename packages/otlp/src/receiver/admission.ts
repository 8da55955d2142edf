import { ExportFailure } from './failure.ts';
import type { ReceiverLimits } from './limits.ts';
import type { ReceiverMetrics } from './metrics.ts';

const RETRY_AFTER_SECONDS = 1;

/** One request's place among those in flight. */
export interface Ticket {
  /** Counts bytes of its body. Throws ExportFailure when too many wait already. */
  hold(bytes: number): void;
  /** Gives bytes back before the end, when a body was replaced by another form of it. */
  drop(bytes: number): void;
  /** Gives the place and all its bytes back; once. */
  release(): void;
}

/** Bounds what is in flight, over all the receivers that share it. */
export class Admission {
  readonly #limits: Pick<ReceiverLimits, 'maxConcurrentRequests' | 'maxQueuedBytes'>;
  readonly #metrics: ReceiverMetrics;
  #requests = 0;
  #bytes = 0;

  constructor(
    limits: Pick<ReceiverLimits, 'maxConcurrentRequests' | 'maxQueuedBytes'>,
    metrics: ReceiverMetrics,
  ) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  /** A place for one more request. Throws ExportFailure when there is none. */
  enter(): Ticket {
    const { maxConcurrentRequests, maxQueuedBytes } = this.#limits;
    if (this.#requests >= maxConcurrentRequests) {
      throw overloaded(`maxConcurrentRequests: ${maxConcurrentRequests} requests are in flight`);
    }
    this.#requests++;
    this.#metrics.inFlight.inc();
    let held = 0;
    const change = (bytes: number) => {
      held += bytes;
      this.#bytes += bytes;
      this.#metrics.bytesInFlight.inc(bytes);
    };
    return {
      hold: (bytes) => {
        if (this.#bytes + bytes > maxQueuedBytes) {
          throw overloaded(`maxQueuedBytes: ${maxQueuedBytes} bytes of requests are in flight`);
        }
        change(bytes);
      },
      drop: (bytes) => change(-bytes),
      release: () => {
        change(-held);
        this.#requests--;
        this.#metrics.inFlight.dec();
      },
    };
  }
}

function overloaded(message: string): ExportFailure {
  return new ExportFailure('overloaded', message, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
