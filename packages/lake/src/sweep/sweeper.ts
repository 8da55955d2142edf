import { messageOf, type ObjectInfo, UnavailableError } from '@lakewright/core';
import type { RawRow, SweepScope } from '../catalog/index.ts';
import type { Amount } from '../catalog/sweeps.ts';
import type { SweepContext } from './context.ts';
import { type FoundOrphans, OrphanFinder } from './orphans.ts';
import { NOTHING, plus, type SweepReport } from './report.ts';
import { expirations } from './retention.ts';

/** Objects that are removed at once, and rows that are read for that at once. */
const REMOVALS = 8;
const BATCH = 500;

export interface SweepOptions extends SweepScope {
  /** Reports what would be removed and changes nothing. */
  readonly dryRun?: boolean;
  /** Whether to look for orphans, for which all segments are listed; true unless said otherwise. */
  readonly orphans?: boolean;
}

/**
 * Removes what nobody needs any more: retired segments after their grace, orphans, and, where retention is
 * set, old segments and raw objects. One sweep runs at a time. It removes objects before their rows, so that
 * a death in between leaves a row without an object, which the next sweep removes.
 */
export class Sweeper {
  readonly #context: SweepContext;
  readonly #finder = new OrphanFinder();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: SweepContext) {
    this.#context = context;
  }

  /** Throws UnavailableError when the store or the catalog does not work. */
  sweep(options: SweepOptions = {}): Promise<SweepReport> {
    const sweeping = this.#turn.then(() => (options.dryRun ? this.#look(options) : this.#sweep(options)));
    this.#turn = sweeping.catch(() => undefined);
    return sweeping;
  }

  async #look(options: SweepOptions): Promise<SweepReport> {
    const { catalog, clock, places, settings } = this.#context;
    const now = clock.now();
    const { due, later } = await catalog.sweeps.retiredAmounts(options, now - settings.graceMs);
    let expired = NOTHING;
    for (const { scope, table, beforeNs, except } of expirations(settings.retention, options, now)) {
      expired = plus(expired, await catalog.sweeps.expiredAmount(scope, table, beforeNs, except));
    }
    const orphans = await this.#orphans(options);
    const { rawRetentionMs } = settings;
    return {
      dryRun: true,
      retired: due,
      waiting: later,
      ...amountsOf(orphans),
      expired,
      rawObjects:
        rawRetentionMs === undefined
          ? NOTHING
          : await catalog.sweeps.doneAmount(options, now - rawRetentionMs),
      history: (
        await catalog.sweeps.history(
          options,
          now - settings.historyMs,
          Number.MAX_SAFE_INTEGER,
          places.reach?.bases,
        )
      ).length,
      claims: await catalog.sweeps.lapsedClaims(options),
      failed: 0,
    };
  }

  async #sweep(options: SweepOptions): Promise<SweepReport> {
    const { catalog, clock, settings } = this.#context;
    const removal = new Removal(this.#context);
    // Before all: who lost a claim cannot publish any more.
    const claims = await catalog.sweeps.lapsedClaims(options);
    await catalog.expireLeases();
    await catalog.merges.expireLeases();
    const now = clock.now();
    let expired = NOTHING;
    for (const { scope, table, beforeNs, except } of expirations(settings.retention, options, now)) {
      expired = plus(expired, await catalog.sweeps.expire(scope, table, beforeNs, except));
    }
    const retired = await this.#removeRetired(options, removal);
    const found = await this.#orphans(options);
    const orphans = await this.#removeOrphans(found.confirmed, removal);
    const rawObjects = await this.#removeRaw(options, removal);
    const history = await this.#forgetRaw(options);
    const { later } = await catalog.sweeps.retiredAmounts(options, now - settings.graceMs);
    return {
      dryRun: false,
      retired,
      waiting: later,
      ...amountsOf(found),
      orphans: amount(orphans),
      expired,
      rawObjects,
      history,
      claims,
      failed: removal.failed,
    };
  }

  async #orphans({ orphans = true, dryRun = false, ...scope }: SweepOptions): Promise<FoundOrphans> {
    if (!orphans) return { confirmed: [], unconfirmed: NOTHING, foreign: NOTHING };
    return this.#finder.find(this.#context, scope, dryRun);
  }

  /** Looks at each once more: listing all segments may have taken minutes. */
  async #removeOrphans(orphans: readonly ObjectInfo[], removal: Removal): Promise<Removable[]> {
    const { catalog, store } = this.#context;
    const gone: Removable[] = [];
    for (const { key, etag, size } of orphans) {
      if ((await store.head(key))?.etag !== etag) continue;
      if ((await catalog.sweeps.unnamedKeys([key])).size === 0) continue;
      gone.push(...(await removal.objects([{ key, bytes: size }])));
    }
    return gone;
  }

  async #removeRetired(scope: SweepScope, removal: Removal): Promise<Amount> {
    const { catalog, clock, places, settings } = this.#context;
    const beforeMs = clock.now() - settings.graceMs;
    let removed = NOTHING;
    for (;;) {
      const segments = await catalog.sweeps.retired(scope, beforeMs, BATCH, places.reach?.bases);
      const gone = await removal.objects(segments);
      await catalog.sweeps.forgetSegments(gone);
      removed = plus(removed, amount(gone));
      // What could not be removed comes again at once: it waits for the next sweep.
      if (segments.length < BATCH || gone.length < segments.length) return removed;
    }
  }

  async #removeRaw(scope: SweepScope, removal: Removal): Promise<Amount> {
    const { catalog, clock, places, settings } = this.#context;
    if (settings.rawRetentionMs === undefined) return NOTHING;
    const beforeMs = clock.now() - settings.rawRetentionMs;
    let removed = NOTHING;
    for (;;) {
      const rows = await catalog.sweeps.done(scope, beforeMs, BATCH, places.reach?.bases);
      const gone = await removal.objects(rows);
      await catalog.sweeps.noteRemoved(gone);
      removed = plus(removed, amount(gone));
      if (rows.length < BATCH || gone.length < rows.length) return removed;
    }
  }

  /** Below otel-raw/ a key is written once: when its object is gone for good, nothing can come of its row. */
  async #forgetRaw(scope: SweepScope): Promise<number> {
    const { catalog, clock, places, settings, store } = this.#context;
    const beforeMs = clock.now() - settings.historyMs;
    let forgotten = 0;
    for (;;) {
      const rows = await catalog.sweeps.history(scope, beforeMs, BATCH, places.reach?.bases);
      const gone: RawRow[] = [];
      for (const row of rows) if ((await store.head(row.key)) === undefined) gone.push(row);
      await catalog.sweeps.forgetRaw(gone);
      forgotten += gone.length;
      if (rows.length < BATCH || gone.length < rows.length) return forgotten;
    }
  }
}

interface Removable {
  readonly key: string;
  readonly bytes: number;
}

/** Removes objects, a few at once, and counts what cannot be removed. */
class Removal {
  failed = 0;
  readonly #context: SweepContext;

  constructor(context: SweepContext) {
    this.#context = context;
  }

  /** Those of `objects` that are gone. Throws UnavailableError when none of many can be removed. */
  async objects<Item extends Removable>(objects: readonly Item[]): Promise<Item[]> {
    const gone: Item[] = [];
    for (let from = 0; from < objects.length; from += REMOVALS) {
      const batch = objects.slice(from, from + REMOVALS);
      const removed = await Promise.all(batch.map((object) => this.#remove(object)));
      gone.push(...batch.filter((_object, i) => removed[i]));
      if (!removed.includes(true)) throw new UnavailableError('the store removes nothing');
    }
    return gone;
  }

  async #remove({ key }: Removable): Promise<boolean> {
    try {
      await this.#context.store.delete(key);
      return true;
    } catch (error) {
      this.failed++;
      this.#context.logger.log('warn', 'an object could not be removed', { key, error: messageOf(error) });
      return false;
    }
  }
}

function amount(removed: readonly Removable[]): Amount {
  return { count: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function amountsOf({
  confirmed,
  unconfirmed,
  foreign,
}: FoundOrphans): Pick<SweepReport, 'orphans' | 'unconfirmed' | 'foreign'> {
  return { orphans: amount(confirmed.map(({ key, size }) => ({ key, bytes: size }))), unconfirmed, foreign };
}
