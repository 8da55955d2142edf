/** What work in progress may take together, in whatever it is counted. Work that alone takes more runs alone. */
export class Room {
  readonly #most: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `work`, which takes `size`, as soon as there is room for it. */
  async run<T>(size: number, work: () => Promise<T>): Promise<T> {
    while (this.#taken > 0 && this.#taken + size > this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#taken += size;
    try {
      return await work();
    } finally {
      this.#taken -= size;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }
}
