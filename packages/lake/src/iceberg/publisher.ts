import { type Clock, type Logger, messageOf, type ObjectStore } from '@lakewright/core';
import type { Catalog, SweepScope, TableId } from '../catalog/index.ts';
import { type Column, storedColumns, type TableName } from '../tables.ts';
import type { IcebergContext } from './context.ts';
import type { UriOf } from './manifests.ts';
import { type PublishedTable, publishTable } from './publish-table.ts';
import { type IcebergSettings, icebergSettings } from './settings.ts';
import type { TableState } from './state.ts';

export interface IcebergDependencies {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uriOf: UriOf;
  /** Nothing goes before keys unless this says so. */
  readonly baseOf?: (organization: string) => string;
  readonly columnsOf?: (table: TableName) => readonly Column[];
  readonly settings?: Partial<IcebergSettings>;
}

/** Left-overs that are removed between two looks at the catalog. */
const BATCH = 200;

/**
 * Publishes the catalog's segments as Iceberg tables, one for each organization and table. One publication
 * runs at a time here; of several processes that publish the same table at once, one wins and the others
 * begin anew.
 */
export class IcebergPublisher {
  readonly #context: IcebergContext;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether every published table has the columns that this program knows. */
  #isCurrent = false;

  /** Throws ConfigError for settings that cannot work. */
  constructor({ settings = {}, baseOf = () => '', columnsOf = storedColumns, ...rest }: IcebergDependencies) {
    this.#context = { ...rest, baseOf, columnsOf, settings: icebergSettings(settings) };
  }

  get settings(): IcebergSettings {
    return this.#context.settings;
  }

  /**
   * Publishes what has changed since the last time, and lets go of snapshots that nobody is to read any more.
   * Answers the tables that have a new version. Throws UnavailableError after it has tried every table.
   */
  publish(scope: SweepScope = {}): Promise<PublishedTable[]> {
    return this.#alone(() => this.#publish(scope));
  }

  /** Takes all tables back. Their data files are the sweeper's again. Answers how many tables there were. */
  withdraw(): Promise<number> {
    return this.#alone(() => this.#withdraw());
  }

  /** Removes metadata files that no snapshot needs any more; answers how many. */
  removeLeftOvers(): Promise<number> {
    return this.#alone(() => this.#removeLeftOvers());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#turn.then(work);
    this.#turn = working.catch(() => undefined);
    return working;
  }

  async #publish(scope: SweepScope): Promise<PublishedTable[]> {
    const { logger } = this.#context;
    const published: PublishedTable[] = [];
    const failures: unknown[] = [];
    for (const id of await this.#tables(scope)) {
      try {
        const table = await publishTable(this.#context, id);
        if (table !== undefined) published.push(table);
      } catch (error) {
        failures.push(error);
        logger.log('warn', 'a table could not be published', { ...id, error: messageOf(error) });
      }
    }
    if (failures.length > 0) throw failures[0];
    if (scope.organization === undefined) this.#isCurrent = true;
    return published;
  }

  /** What may have changed; at first, everything: the program may know columns that the last one did not. */
  async #tables(scope: SweepScope): Promise<TableId[]> {
    const { iceberg } = this.#context.catalog;
    const changed = await iceberg.changed(scope);
    if (this.#isCurrent) return changed;
    const known = new Set(changed.map(nameOf));
    return [...changed, ...(await iceberg.published(scope)).filter((id) => !known.has(nameOf(id)))];
  }

  async #withdraw(): Promise<number> {
    const { iceberg } = this.#context.catalog;
    const tables = await iceberg.published({});
    for (const id of tables) {
      const state = await iceberg.state(id);
      if (state !== undefined) await iceberg.withdraw(id, keysOf(state));
    }
    return tables.length;
  }

  async #removeLeftOvers(): Promise<number> {
    const { catalog, store } = this.#context;
    let removed = 0;
    for (;;) {
      const keys = await catalog.iceberg.leftOvers(BATCH);
      for (const key of keys) await store.delete(key);
      await catalog.iceberg.forget(keys);
      removed += keys.length;
      if (keys.length < BATCH) return removed;
    }
  }
}

const nameOf = ({ organization, table }: TableId) => `${organization}/${table}`;

/** Every metadata file of a table. */
function keysOf({ metadataKey, log, snapshots, manifests, dropped }: TableState): string[] {
  const current = metadataKey === undefined ? [] : [metadataKey];
  return [...current, ...snapshots.map(({ listKey }) => listKey), ...[log, manifests, dropped].flatMap(keys)];
}

const keys = (named: readonly { readonly key: string }[]) => named.map(({ key }) => key);
