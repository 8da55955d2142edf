import type { RawRequest } from '@lakewright/otlp';

/** A request that waits for its commit. */
export interface WaitingRequest {
  readonly request: RawRequest;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Commits in progress at most for one group: a slow disk gets bigger commits instead of more. */
const COMMITS_IN_FLIGHT = 2;

/**
 * The requests of one organization, collector and signal that wait to be written together. It decides when
 * to commit: `commit` is called with what is due and must never reject.
 */
export class Group {
  readonly #commitBytes: number;
  readonly #intervalMs: number;
  readonly #commit: (batch: readonly WaitingRequest[]) => Promise<void>;
  readonly #onIdle: () => void;
  #waiting: WaitingRequest[] = [];
  #bytes = 0;
  #inFlight = 0;
  /** Whether the oldest waiting request has waited for the whole interval. */
  #due = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    commitBytes: number;
    intervalMs: number;
    commit: (batch: readonly WaitingRequest[]) => Promise<void>;
    /** Told when nothing waits and nothing is being committed any more. */
    onIdle: () => void;
  }) {
    this.#commitBytes = options.commitBytes;
    this.#intervalMs = options.intervalMs;
    this.#commit = options.commit;
    this.#onIdle = options.onIdle;
  }

  add(waiting: WaitingRequest): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.request.body.length;
    this.#schedule();
  }

  /** Commits what waits as soon as it may, whatever its size and age. */
  flush(): void {
    this.#due = this.#waiting.length > 0;
    this.#schedule();
  }

  #schedule(): void {
    while (this.#inFlight < COMMITS_IN_FLIGHT && (this.#due || this.#bytes >= this.#commitBytes)) {
      this.#start(this.#take());
    }
    if (this.#waiting.length === 0 || this.#due || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, this.#intervalMs);
  }

  /** The oldest requests, up to the size of a commit; at least one. */
  #take(): WaitingRequest[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < this.#commitBytes)) {
      bytes += this.#waiting[count].request.body.length;
      count++;
    }
    const batch = this.#waiting.splice(0, count);
    this.#bytes -= bytes;
    if (this.#waiting.length === 0) {
      this.#due = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    return batch;
  }

  #start(batch: readonly WaitingRequest[]): void {
    this.#inFlight++;
    void this.#commit(batch).then(() => {
      this.#inFlight--;
      this.#schedule();
      if (this.#inFlight === 0 && this.#waiting.length === 0) this.#onIdle();
    });
  }
}
