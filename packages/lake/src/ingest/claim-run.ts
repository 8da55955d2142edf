import { createHash } from 'node:crypto';
import { isSettled, messageOf, UnavailableError } from '@lakewright/core';
import type { ClaimedObject } from '../catalog/index.ts';
import { ClaimLostError } from '../errors.ts';
import { describeRaw } from '../raw/describe.ts';
import { isReceived } from '../raw/keys.ts';
import type { CookedSegment, NewSegment, Segment } from '../types.ts';
import type { IngestContext } from './context.ts';
import { type Cooked, cookClaim, type ReadObject } from './cook-claim.ts';
import { type Reading, readRaw } from './read.ts';

/** Objects read, and segments stored, at once for one claim. */
const TRANSFERS_AT_ONCE = 8;

/**
 * Takes one claim from raw objects to published segments. `open` holds what is neither published, buried nor
 * put back: whoever made the run gives that back when the run ends, however it ends.
 */
export class ClaimRun {
  readonly open: Map<bigint, ClaimedObject>;
  readonly #context: IngestContext;

  constructor(context: IngestContext, claimed: readonly ClaimedObject[]) {
    // What was claimed by the places of now is finished by them, though an organization's profile is removed meanwhile.
    this.#context = { ...context, places: context.places.snapshot() };
    this.open = new Map(claimed.map((object) => [object.id, object]));
  }

  /**
   * Runs until everything is settled, or until the step in progress when `signal` is aborted. Throws
   * UnavailableError when the store or the catalog does not work.
   */
  async run(signal: AbortSignal): Promise<void> {
    const inputs = await this.#readAll();
    if (inputs.length === 0 || signal.aborted) return;
    const base = this.#context.places.baseOf(inputs[0].object.organization);
    for await (const cooked of cookClaim(this.#context.cooker, inputs, base)) {
      await this.#settle(cooked, signal);
      if (signal.aborted) return;
    }
  }

  async #readAll(): Promise<ReadObject[]> {
    const { places, store, settings } = this.#context;
    const objects = [...this.open.values()];
    const readings = await mapAtOnce(objects, TRANSFERS_AT_ONCE, (object) =>
      readRaw(store, object, settings.maxRawObjectBytes),
    );
    const inputs: ReadObject[] = [];
    for (const [i, reading] of readings.entries()) {
      if (reading.kind !== 'bytes') await this.#dismiss(objects[i], reading);
      else if (isReceived(objects[i].key, places)) inputs.push({ object: objects[i], bytes: reading.bytes });
      else await this.#addDropped({ object: objects[i], bytes: reading.bytes }, inputs);
    }
    return inputs;
  }

  /** Adds a dropped file, unless it is one that was ingested and only touched or copied again since. */
  async #addDropped({ object, bytes }: ReadObject, inputs: ReadObject[]): Promise<void> {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const { catalog, settings, logger } = this.#context;
    if (!(await catalog.isIngested(object.key, digest))) {
      inputs.push({ object, bytes, digest });
      return;
    }
    const reasons = ['the same bytes were ingested from this key before'];
    const input = { id: object.id, records: 0, rejected: 0, reasons, digest };
    await catalog.publish({ owner: settings.owner, inputs: [input], segments: [] });
    this.#closed(object, 'done');
    logger.log('info', 'a dropped file was touched and not changed', { key: object.key });
  }

  async #dismiss(object: ClaimedObject, reading: Exclude<Reading, { kind: 'bytes' }>): Promise<void> {
    if (reading.kind === 'bad') return this.#bury(object, reading.reason);
    if (reading.kind === 'failed') return this.#fail(object, reading.reason);
    const { catalog, clock, logger, metrics, places, settings } = this.#context;
    await catalog.forget(settings.owner, object.id);
    this.#closed(object, 'replaced');
    logger.log('info', 'a raw object was replaced before it was ingested', { key: object.key });
    const replacement = describeRaw(reading.info, places);
    // A file that is still being written is announced by the listing that finds it whole.
    if (replacement === undefined || !isSettled(reading.info, clock.now(), settings.settleMs)) return;
    const announced = await catalog.announce([replacement]);
    metrics.objects.inc({ signal: object.signal, outcome: 'announced' }, announced.length);
  }

  async #settle(cooked: Cooked, signal: AbortSignal): Promise<void> {
    if (cooked.kind === 'bad') return this.#bury(cooked.object, cooked.reason);
    if (cooked.kind === 'failed') {
      // A cooker that is being closed fails what it has: that is not the object's fault.
      return signal.aborted ? undefined : this.#fail(cooked.object, cooked.reason);
    }
    try {
      await this.#publish(cooked);
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      if (error instanceof ClaimLostError) return this.#lose(cooked.inputs, error);
      for (const { object } of cooked.inputs) await this.#fail(object, messageOf(error));
    }
  }

  /** Stores the segments, then publishes them: what dies in between is stored again under the same keys. */
  async #publish({ inputs, result }: Extract<Cooked, { kind: 'cooked' }>): Promise<void> {
    const { store, catalog, settings } = this.#context;
    const { organization } = inputs[0].object;
    const segments = await mapAtOnce(result.segments, TRANSFERS_AT_ONCE, async (segment) => {
      await store.put(segment.key, segment.parquet);
      return publishable(organization, segment);
    });
    await catalog.publish({
      owner: settings.owner,
      inputs: inputs.map(({ object, digest }, i) => ({ id: object.id, digest, ...result.inputs[i] })),
      segments,
    });
    this.#context.series?.note(organization, result.series ?? []);
    this.#count(inputs, segments, result.inputs);
    for (const { object } of inputs) this.#closed(object, 'done');
  }

  #count(
    inputs: readonly ReadObject[],
    segments: readonly Segment[],
    counts: readonly { records: number; rejected: number }[],
  ): void {
    const { metrics, clock } = this.#context;
    const { signal } = inputs[0].object;
    for (const { records, rejected } of counts) {
      metrics.records.inc({ signal }, records);
      metrics.rejected.inc({ signal }, rejected);
    }
    for (const { object } of inputs) metrics.bytes.inc({ signal }, object.size);
    for (const { table, bytes } of segments) {
      metrics.segments.inc({ table });
      metrics.segmentBytes.inc({ table }, bytes);
    }
    const oldestMs = Math.min(...inputs.map(({ object }) => Number(object.arrivedNs / 1_000_000n)));
    metrics.freshness.observe(Math.max(0, clock.now() - oldestMs) / 1000);
  }

  async #bury(object: ClaimedObject, reason: string): Promise<void> {
    const { catalog, logger, settings } = this.#context;
    await catalog.bury(settings.owner, object.id, reason);
    this.#closed(object, 'dead');
    logger.log('warn', 'a raw object is a dead letter', { key: object.key, reason });
  }

  async #fail(object: ClaimedObject, reason: string): Promise<void> {
    const { catalog, logger, settings } = this.#context;
    const retryInMs = Math.min(settings.backoffMs * 2 ** object.attempts, settings.maxBackoffMs);
    const dead = await catalog.fail(settings.owner, object.id, reason, retryInMs);
    this.#closed(object, dead ? 'dead' : 'retry');
    const message = dead ? 'a raw object is a dead letter' : 'a raw object will be tried again';
    logger.log('warn', message, { key: object.key, reason, attempts: object.attempts });
  }

  #lose(inputs: readonly ReadObject[], error: ClaimLostError): void {
    for (const { object } of inputs) this.#closed(object, 'lost');
    this.#context.logger.log('warn', 'a claim was lost to another ingest', { error });
  }

  #closed(object: ClaimedObject, outcome: string): void {
    this.open.delete(object.id);
    this.#context.metrics.objects.inc({ signal: object.signal, outcome });
  }
}

function publishable(organization: string, segment: CookedSegment): NewSegment {
  const { parquet, ...rest } = segment;
  return { organization, ...rest, bytes: parquet.length };
}

/** The results of `work` in the order of `items`, with at most `limit` in progress; stops at a rejection. */
async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += limit) {
    results.push(...(await Promise.all(items.slice(from, from + limit).map(work))));
  }
  return results;
}
