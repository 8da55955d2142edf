import type { Reach } from './catalog/raw-objects.ts';
import { type Place, Places } from './places.ts';

/** Places that change while they are used: each question is answered by those of the moment. */
export class LivePlaces extends Places {
  #now: Places;

  constructor(now: Places) {
    super([]);
    this.#now = now;
  }

  /** From now on these are the places. */
  become(now: Places): void {
    this.#now = now;
  }

  override get all(): readonly Place[] {
    return this.#now.all;
  }

  override get reach(): Reach | undefined {
    return this.#now.reach;
  }

  override of(key: string): Place | undefined {
    return this.#now.of(key);
  }

  override baseOf(organization: string): string {
    return this.#now.baseOf(organization);
  }

  override snapshot(): Places {
    return this.#now;
  }
}
