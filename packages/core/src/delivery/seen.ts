/** Objects remembered: about 20 MB. More are asked about again, which costs time and nothing else. */
const CAPACITY = 100_000;

/** Remembers the latest objects that the catalog was asked about, by key and etag. */
export class SeenObjects {
  readonly #etags = new Map<string, string>();

  has({ key, etag }: { key: string; etag: string }): boolean {
    return this.#etags.get(key) === etag;
  }

  add({ key, etag }: { key: string; etag: string }): void {
    this.#etags.delete(key);
    this.#etags.set(key, etag);
    if (this.#etags.size <= CAPACITY) return;
    const [oldest] = this.#etags.keys();
    this.#etags.delete(oldest);
  }
}
