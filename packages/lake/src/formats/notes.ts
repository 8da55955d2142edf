/**
 * What a reader of an object has to tell besides the records: each kind of remark once, with how often and
 * where it came up first. Notes name fields and lines and never carry a record's content.
 */
export class Notes {
  readonly #kinds = new Map<string, { count: number; first: string }>();

  /** Counts one more of the remark `what`, seen at `where` (`line 3`). */
  add(what: string, where: string): void {
    const known = this.#kinds.get(what);
    if (known === undefined) this.#kinds.set(what, { count: 1, first: where });
    else known.count++;
  }

  list(): string[] {
    return [...this.#kinds].map(([what, { count, first }]) =>
      count === 1 ? `${first}: ${what}` : `${first} and ${count - 1} more: ${what}`,
    );
  }
}
