import type { Clock } from './ports.ts';

/** What sums of fractions may miss: whoever waited as long as was said is not sent away for it. */
const ROUNDING = 1e-6;

/**
 * A rate with room for bursts: so many tokens a second, and at most `burst` of them saved up. Taking is all or
 * nothing, but for one case: what is larger than the burst is given when the bucket is full, and is paid off after.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAtMs: number;

  /** Starts full. Both numbers are above zero. */
  constructor(options: { perSecond: number; burst: number; clock: Clock }) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#clock = options.clock;
    this.#tokens = options.burst;
    this.#filledAtMs = options.clock.now();
  }

  /** Takes `count` tokens and answers 0; or takes none and answers after how many milliseconds they are there. */
  take(count: number): number {
    const now = this.#clock.now();
    // A clock that is set back takes nothing away.
    const passedMs = Math.max(0, now - this.#filledAtMs);
    this.#tokens = Math.min(this.#burst, this.#tokens + (passedMs / 1000) * this.#perSecond);
    this.#filledAtMs = now;
    const needed = Math.min(count, this.#burst);
    if (needed - this.#tokens < ROUNDING) {
      this.#tokens -= count;
      return 0;
    }
    return Math.max(1, Math.ceil(((needed - this.#tokens) / this.#perSecond) * 1000 - ROUNDING));
  }
}
