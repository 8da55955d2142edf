import type { Sql, Waker } from '@lakewright/core';

/** Wakes the receivers of one queue that wait in this process. */
export class Bell {
  readonly #listeners = new Set<Waker>();

  ring(): void {
    for (const listener of this.#listeners) listener.wake();
  }

  listen(waker: Waker): void {
    this.#listeners.add(waker);
  }

  leave(waker: Waker): void {
    this.#listeners.delete(waker);
  }
}

/** The bells of a database: gone with it. */
const bells = new WeakMap<Sql, Map<string, Bell>>();

/** The one bell that all queues called `name` over `sql` share. */
export function bellOf(sql: Sql, name: string): Bell {
  const named = bells.get(sql) ?? new Map<string, Bell>();
  bells.set(sql, named);
  const bell = named.get(name) ?? new Bell();
  named.set(name, bell);
  return bell;
}
