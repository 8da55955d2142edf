import { type Logger, type Sql, systemClock } from '@lakewright/core';
import { Registry } from 'prom-client';
import { temporaryStore } from '../../local/test/adapters.ts';
import { Catalog, type NewRawObject } from '../src/catalog/index.ts';
import { IngestInbox, type IngestSettings, runIngest } from '../src/ingest/index.ts';
import { describeRaw } from '../src/raw/describe.ts';
import { createSweeper, type Sweeper } from '../src/sweep/index.ts';
import { FailingStore, FakeCooker } from './fakes.ts';
import { ORGANIZATION } from './raw-objects.ts';

/** Settings under which everything happens within milliseconds. */
const QUICK: Partial<IngestSettings> & { owner: string } = {
  owner: 'test',
  workers: 2,
  intervalMs: 5,
  idleMs: 10,
  backoffMs: 5,
  maxBackoffMs: 20,
  dropListingMs: 5,
  recentListingMs: 5,
  settleMs: 0,
};

/** A lake without receivers and without a real cooker. */
export class IngestStand {
  readonly inbox = new IngestInbox();
  readonly cooker = new FakeCooker();
  readonly registry = new Registry();
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  readonly store: FailingStore;
  readonly catalog: Catalog;
  readonly root: string;
  readonly #remove: () => Promise<void>;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(store: FailingStore, catalog: Catalog, root: string, remove: () => Promise<void>) {
    this.store = store;
    this.catalog = catalog;
    this.root = root;
    this.#remove = remove;
  }

  static async open(sql: Sql): Promise<IngestStand> {
    const { store, root, remove } = await temporaryStore();
    return new IngestStand(new FailingStore(store), await Catalog.open(sql, systemClock), root, remove);
  }

  get sweeper(): Sweeper {
    const { store, catalog } = this;
    return createSweeper({ store, catalog, clock: systemClock, logger: this.#logger() });
  }

  start(settings: Partial<IngestSettings> = {}): void {
    this.#stop = new AbortController();
    this.#running = runIngest(
      {
        store: this.store,
        catalog: this.catalog,
        cooker: this.cooker,
        inbox: this.inbox,
        clock: systemClock,
        logger: this.#logger(),
        metrics: this.#freshRegistry(),
        settings: { ...QUICK, ...settings },
      },
      this.#stop.signal,
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#remove();
  }

  /** Puts a raw object as the committer does, without telling anybody. */
  async put(name: string, content = name): Promise<NewRawObject> {
    const minute = new Date().toISOString().slice(0, 16).replace(/[-T:]/g, '/');
    return this.putAt(`otel-raw/${ORGANIZATION}/default/${minute}/logs_${name}.binpb`, content);
  }

  async putAt(key: string, content: string): Promise<NewRawObject> {
    const object = describeRaw(await this.store.put(key, new TextEncoder().encode(content)));
    if (object === undefined) throw new Error(`${key} is no raw object`);
    return object;
  }

  /** The contents of all published segments, one for each ingested object, sorted. */
  async published(): Promise<string[]> {
    const segments = await this.catalog.segments({ organization: ORGANIZATION, table: 'logs' });
    const bodies = await Promise.all(segments.map(({ key }) => this.store.get(key)));
    return bodies.flatMap((body) => new TextDecoder().decode(body).split('\n')).sort();
  }

  async states(): Promise<{ pending: number; claimed: number; done: number; dead: number }> {
    return (await this.catalog.status(ORGANIZATION)).rawObjects;
  }

  messages(): string[] {
    return this.lines.map(({ message }) => message);
  }

  #logger(): Logger {
    const logger: Logger = {
      log: (level, message, fields = {}) => void this.lines.push({ level, message, fields }),
      with: () => logger,
    };
    return logger;
  }

  #freshRegistry(): Registry {
    this.registry.clear();
    return this.registry;
  }
}
