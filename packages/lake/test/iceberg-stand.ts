import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ObjectStore, type Signal, type Sql, silentLogger } from '@lakewright/core';
import { createDemo } from '@lakewright/otlp';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { temporaryStore } from '../../local/test/adapters.ts';
import { createThreadMerger } from '../src/compact/index.ts';
import { outputId } from '../src/compact/merge-run.ts';
import { cook } from '../src/cook/index.ts';
import { createIcebergTables, type IcebergDependencies, IcebergPublisher } from '../src/iceberg/index.ts';
import { Catalog, type NewSegment } from '../src/index.ts';
import { segmentKey } from '../src/segment-keys.ts';
import { createSweeper, type SweepSettings } from '../src/sweep/index.ts';
import { storedColumns, type TableName } from '../src/tables.ts';
import { input } from './cooking.ts';
import { FailingStore } from './fakes.ts';
import { IcebergReader, type Metadata, type Row } from './iceberg-reader.ts';
import { ManualClock, ORGANIZATION, rawObject } from './raw-objects.ts';

/** Where the lake's objects are, and how a reader from outside gets at them. */
export interface IcebergPlace {
  readonly store: ObjectStore;
  readonly uriOf: (key: string) => string;
  readonly read: (uri: string) => Promise<Uint8Array>;
  readonly remove: () => Promise<void>;
}

async function onThisMachine(): Promise<IcebergPlace> {
  const { store, root, remove } = await temporaryStore();
  return { store, uriOf: (key) => `file://${join(root, key)}`, read: readUri, remove };
}

/** A lake whose segments are real, and what publishes them. */
export class IcebergStand {
  readonly clock: ManualClock;
  readonly store: FailingStore;
  readonly catalog: Catalog;
  readonly uriOf: (key: string) => string;
  readonly #place: IcebergPlace;
  readonly #merger = createThreadMerger();
  #ingested = 0;

  private constructor(clock: ManualClock, catalog: Catalog, place: IcebergPlace) {
    this.clock = clock;
    this.catalog = catalog;
    this.store = new FailingStore(place.store);
    this.uriOf = place.uriOf;
    this.#place = place;
  }

  static async open(sql: Sql, place?: IcebergPlace): Promise<IcebergStand> {
    const clock = new ManualClock(Date.now());
    return new IcebergStand(clock, await Catalog.open(sql, clock), place ?? (await onThisMachine()));
  }

  async close(): Promise<void> {
    await this.#merger.close();
    await this.#place.remove();
  }

  publisher(more: Partial<IcebergDependencies> = {}): IcebergPublisher {
    const { store, catalog, clock, uriOf } = this;
    return new IcebergPublisher({ store, catalog, clock, logger: silentLogger, uriOf, ...more });
  }

  /** Cooks, stores and publishes one request of the demo, as of `day`. */
  async ingest(signal: Signal, day: string, records = 50, organization = ORGANIZATION): Promise<void> {
    const seed = ++this.#ingested;
    const startNs = BigInt(Date.parse(`${day}T12:00:00Z`)) * 1_000_000n;
    const demo = createDemo({ seed, startNs, rate: 1000 });
    const requests = {
      logs: () => demo.logsRequest(records),
      traces: () => demo.tracesRequest(records),
      metrics: () => demo.pointsRequest(records),
    };
    const { body } = requests[signal]();
    const raw = input(signal, body, String(seed));
    const { segments } = cook({ organization, signal, inputs: [raw] });
    for (const { key, parquet } of segments) await this.store.put(key, parquet);
    await this.announce(
      organization,
      segments.map(({ parquet, ...segment }) => ({ organization, ...segment, bytes: parquet.length })),
    );
  }

  /** Publishes segments in the catalog. */
  async announce(organization: string, segments: readonly NewSegment[]): Promise<void> {
    const { catalog, clock } = this;
    await catalog.announce([rawObject(`${++this.#ingested}`, clock.now(), { organization })]);
    const claimed = await catalog.claim({
      owner: 'ingest',
      maxBytes: 1e9,
      maxObjects: 100,
      ripeBeforeMs: clock.now() + 1000,
      ripeBytes: 0,
    });
    const inputs = claimed.map(({ id }) => ({ id, records: 1, rejected: 0, reasons: [] }));
    await catalog.publish({ owner: 'ingest', inputs, segments });
  }

  /** Merges what was cooked of one table and of the first day that there is. */
  async merge(table: TableName): Promise<void> {
    const { catalog, store } = this;
    const full = { bytes: 1e9, rows: 1e9 };
    const groups = (await catalog.merges.groups(full)).filter(
      (each) => each.table === table && each.level === 0,
    );
    const [group] = groups.toSorted((a, b) => a.day - b.day);
    const inputs = await catalog.merges.candidates(group, full);
    const paths = await Promise.all(inputs.map(({ key }) => store.localPath(key)));
    const job = { table, inputs: inputs.map(({ key, rows }, i) => ({ key, rows, path: paths[i] })) };
    const parts = await this.#merger.merge(job);
    const times = {
      minTimeNs: least(inputs.map((each) => each.minTimeNs)),
      maxTimeNs: -least(inputs.map((each) => -each.maxTimeNs)),
    };
    const segmentId = outputId(inputs);
    const key = segmentKey(group.organization, table, times.minTimeNs, segmentId);
    const { size } = await store.put(key, Buffer.concat(parts));
    await catalog.merges.claim('merge', inputs);
    const output = {
      organization: group.organization,
      table,
      segmentId,
      key,
      bytes: size,
      rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
      ...times,
      services: [...new Set(inputs.flatMap(({ services }) => services))].sort(),
    };
    await catalog.merges.publish({ owner: 'merge', inputs, output, level: 1 });
  }

  async sweep(settings: Partial<SweepSettings> = {}): Promise<void> {
    const { store, catalog, clock } = this;
    await createSweeper({ store, catalog, clock, logger: silentLogger, settings }).sweep({ orphans: false });
  }

  /** A reader of what is published of a table now. */
  async reader(table: TableName, organization = ORGANIZATION): Promise<IcebergReader> {
    const { catalog, store, uriOf } = this;
    const loaded = await createIcebergTables({ catalog, store, uriOf }).load(organization, table);
    return this.readerOf(loaded.metadata as unknown as Metadata);
  }

  readerOf(metadata: Metadata): IcebergReader {
    return new IcebergReader(metadata, this.#place.read);
  }

  /** The rows that the lake's own catalog names. */
  async rows(table: TableName, organization = ORGANIZATION): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { key } of await this.catalog.segments({ organization, table })) {
      const { buffer } = Uint8Array.from(await this.store.get(key));
      rows.push(...(await parquetReadObjects({ file: buffer as ArrayBuffer, compressors })));
    }
    return rows.map((row) =>
      Object.fromEntries(storedColumns(table).map(({ name }) => [name, row[name] ?? null])),
    );
  }

  async keys(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.store.list(prefix)) found.push(key);
    return found;
  }
}

const least = (values: readonly bigint[]) => values.reduce((a, b) => (a < b ? a : b));

/** Reads what a `file:` URI names. */
export async function readUri(uri: string): Promise<Uint8Array> {
  if (!uri.startsWith('file:///')) throw new Error(`${uri} is not the URI of a file`);
  return readFile(uri.slice('file://'.length));
}

/** Rows as a sorted list of texts, by which two sets of rows are compared. */
export function sorted(rows: readonly Row[]): string[] {
  return rows
    .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)))
    .sort();
}
