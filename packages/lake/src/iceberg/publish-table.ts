import { randomUUID } from 'node:crypto';
import { UnavailableError } from '@lakewright/core';
import type { TableId } from '../catalog/index.ts';
import { expire, nextExpiryMs, nextVersion, withSchema, withSnapshot } from './advance.ts';
import type { IcebergContext } from './context.ts';
import type { Entry } from './data-file.ts';
import { MetadataKeys, newSnapshotId } from './keys.ts';
import { describeManifest, encodeManifest, encodeManifestList } from './manifests.ts';
import { metadataOf } from './metadata.ts';
import { type Changes, entriesOf, type PlannedManifest, planManifests, spread } from './plan.ts';
import { fieldsOf, sortOrderOf } from './schema.ts';
import { type ManifestState, newTable, type Operation, type TableState, totalOf } from './state.ts';

/** What publishing a table did. */
export interface PublishedTable extends TableId {
  /** What the new snapshot did; undefined when there is none and only the schema changed or snapshots expired. */
  readonly operation: Operation | undefined;
  readonly snapshotId: number;
  readonly addedFiles: number;
  readonly removedFiles: number;
  /** What the table has now. */
  readonly files: number;
  readonly rows: number;
  /** Where the metadata is. */
  readonly metadataLocation: string;
}

/** How often a publication is begun anew when another process was first. */
const MAX_TRIES = 4;

/**
 * Publishes what has changed in a table; undefined when nothing has. Throws UnavailableError when the store or
 * the catalog does not work, or when others are always first.
 */
export async function publishTable(
  context: IcebergContext,
  id: TableId,
): Promise<PublishedTable | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const outcome = await tryToPublish(context, id);
    if (outcome !== 'lost') return outcome;
  }
  throw new UnavailableError(`${id.table}: somebody else always published it first`);
}

async function tryToPublish(
  context: IcebergContext,
  id: TableId,
): Promise<PublishedTable | undefined | 'lost'> {
  const { catalog, clock, settings } = context;
  const now = clock.now();
  const before = (await catalog.iceberg.state(id)) ?? newTable(randomUUID());
  const changes = await catalog.iceberg.changes(id);
  const isChanged = changes.added.length > 0 || changes.removed.length > 0;
  // A table without a row ever is none.
  if (before.version === 0 && changes.added.length === 0) return undefined;
  const keys = new MetadataKeys(id, context.baseOf(id.organization));
  const withFields = withSchema(before, fieldsOf(context.columnsOf(id.table)));
  const expiring = expire(withFields, now - settings.keepMs).state.snapshots.length < before.snapshots.length;
  if (!isChanged && !expiring && withFields === before) return undefined;
  const state = nextVersion(withFields, keys.metadata(before.version + 1), now);
  const work = new Publication(context, id, keys);
  return work.publish(isChanged ? await work.snapshot(state, changes) : state);
}

/** One try to publish a table: what it writes, and what it tells the catalog. */
class Publication {
  readonly #context: IcebergContext;
  readonly #id: TableId;
  readonly #keys: MetadataKeys;
  readonly #written: string[] = [];
  #manifests: { key: string; entries: readonly Entry[] }[] = [];
  #changes: Changes = { added: [], removed: [] };
  #operation: Operation | undefined;

  constructor(context: IcebergContext, id: TableId, keys: MetadataKeys) {
    this.#context = context;
    this.#id = id;
    this.#keys = keys;
  }

  /** Writes the manifests of a new snapshot and their list. */
  async snapshot(state: TableState, changes: Changes): Promise<TableState> {
    const { catalog, settings, uriOf } = this.#context;
    this.#changes = changes;
    const { kept, rewritten } = planManifests(state.manifests, changes, settings);
    const former = await catalog.iceberg.entries(rewritten.map(({ key }) => key));
    const snapshot = { id: newSnapshotId(), sequence: state.sequence + 1 };
    const entries = entriesOf(changes, former, snapshot);
    const written: ManifestState[] = [];
    for (const planned of spread(entries, settings.manifestFiles)) {
      written.push(await this.#manifest(state, snapshot, planned));
    }
    const gone = new Set(changes.removed.map(({ segmentId }) => segmentId));
    const next = withSnapshot(state, {
      id: snapshot.id,
      listKey: this.#keys.list(snapshot.id),
      manifests: [...written, ...kept],
      added: changes.added,
      removed: former.map(({ file }) => file).filter(({ segmentId }) => gone.has(segmentId)),
    });
    const current = next.snapshots[next.snapshots.length - 1];
    this.#operation = current.operation;
    await this.#put(current.listKey, encodeManifestList(current, next.manifests, uriOf));
    return next;
  }

  async #manifest(
    { schemas }: TableState,
    snapshot: { id: number; sequence: number },
    { specId, entries }: PlannedManifest,
  ): Promise<ManifestState> {
    const { id, fields } = schemas[schemas.length - 1];
    const { 'order-id': sortOrderId } = sortOrderOf(this.#id.table, fields);
    const { uriOf } = this.#context;
    const bytes = encodeManifest(
      { schema: { 'schema-id': id, fields }, specId, sortOrderId, uriOf },
      entries,
    );
    const key = this.#keys.manifest();
    await this.#put(key, bytes);
    this.#manifests.push({ key, entries });
    return describeManifest(
      { key, bytes: bytes.length, specId, snapshotId: snapshot.id, sequence: snapshot.sequence },
      entries,
    );
  }

  /** Writes the metadata of `state`, less what has expired, and moves the pointer to it. */
  async publish(whole: TableState): Promise<PublishedTable | 'lost'> {
    const { catalog, clock, settings, uriOf } = this.#context;
    const { state, leftOvers, oldestSequence } = expire(whole, clock.now() - settings.keepMs);
    const metadataKey = this.#keys.metadata(state.version);
    const metadata = metadataOf(state, { table: this.#id.table, locationKey: this.#keys.location, uriOf });
    await this.#put(metadataKey, Buffer.from(JSON.stringify(metadata)));
    const isPublished = await catalog.iceberg.publish({
      ...this.#id,
      state: { ...state, metadataKey },
      nextExpiryMs: nextExpiryMs(state, settings.keepMs),
      manifests: this.#manifests,
      removed: this.#changes.removed.map(({ segmentId }) => segmentId),
      written: this.#written,
      leftOvers,
      oldestSequence,
    });
    if (!isPublished) return 'lost';
    const { files, rows } = totalOf(state.manifests);
    return {
      ...this.#id,
      operation: this.#operation,
      snapshotId: state.snapshots[state.snapshots.length - 1].id,
      addedFiles: this.#changes.added.length,
      removedFiles: this.#changes.removed.length,
      files,
      rows,
      metadataLocation: uriOf(metadataKey),
    };
  }

  /** What dies before it publishes leaves files that the catalog knows to be left over. */
  async #put(key: string, bytes: Uint8Array): Promise<void> {
    const { catalog, clock, settings, store } = this.#context;
    await catalog.iceberg.announce([key], clock.now() + settings.leftOverMs);
    this.#written.push(key);
    await store.put(key, bytes);
  }
}
