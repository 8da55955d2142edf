import type { NewRawObject } from '../catalog/index.ts';

/** Objects that wait in memory to be written to the catalog, at most. */
const CAPACITY = 100_000;

/**
 * Where the group committer tells ingest of new raw objects, in memory: what is lost with the process, or
 * left out because the inbox is full, is found by listing.
 */
export class IngestInbox {
  #objects: NewRawObject[] = [];
  #left = 0;
  #onPush: () => void = () => undefined;

  push(object: NewRawObject): void {
    if (this.#objects.length >= CAPACITY) this.#left++;
    else this.#objects.push(object);
    this.#onPush();
  }

  /** Takes what came, with the number of objects that had no room. */
  takeAll(): { objects: NewRawObject[]; leftOut: number } {
    const taken = { objects: this.#objects, leftOut: this.#left };
    this.#objects = [];
    this.#left = 0;
    return taken;
  }

  /** Puts objects back that could not be announced. */
  putBack(objects: readonly NewRawObject[]): void {
    for (const object of objects) this.push(object);
  }

  /** Says that objects came to the catalog in another way. */
  found(): void {
    this.#onPush();
  }

  /** Calls `listener` at every push; there is one listener. */
  onPush(listener: () => void): void {
    this.#onPush = listener;
  }
}
