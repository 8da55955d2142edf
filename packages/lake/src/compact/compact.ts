import { Backoff, type Clock, type Logger, messageOf, type ObjectStore, Waker } from '@lakewright/core';
import type { Registry } from 'prom-client';
import type { Catalog, MergeCandidate, MergeGroup, MergeGroupSize } from '../catalog/index.ts';
import { ClaimLostError, UnmergeableError } from '../errors.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import type { CompactContext } from './context.ts';
import type { Merger } from './merge/thread.ts';
import { runMerge } from './merge-run.ts';
import { compactMetrics } from './metrics.ts';
import { type PlannedMerge, planMerges } from './plan.ts';
import { Room } from './room.ts';
import { COMPACT_SETTINGS, type CompactSettings } from './settings.ts';

export interface CompactDependencies {
  readonly store: ObjectStore;
  /** Where in the store objects are; one data directory unless said otherwise. */
  readonly places?: Places;
  readonly catalog: Catalog;
  readonly merger: Merger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly settings: Partial<CompactSettings> & Pick<CompactSettings, 'owner'>;
}

/**
 * Merges small segments into big ones until `signal` is aborted, as many at once as the merger has threads,
 * and only while ingest keeps up. When aborted it ends the merges in progress, or gives them up when the merger
 * is closed. Failures of
 * the store, the catalog or a segment are logged and tried again; they never end it.
 */
export async function runCompaction(dependencies: CompactDependencies, signal: AbortSignal): Promise<void> {
  const { metrics, settings, ...rest } = dependencies;
  const context: CompactContext = {
    places: ONE_PLACE,
    ...rest,
    metrics: compactMetrics(metrics),
    settings: { ...COMPACT_SETTINGS, ...settings },
  };
  await new Compaction(context).run(signal);
}

class Compaction {
  readonly #context: CompactContext;
  readonly #waker = new Waker();
  readonly #backoff: Backoff;
  /** Bytes of inputs that are merged at once: memory is some three times as many. */
  readonly #room: Room;
  #released = false;
  /** Segments that cannot be merged, by key: they are left out until the next start. */
  readonly #unmergeable = new Set<string>();
  /** What a group looked like when there was nothing to merge in it. */
  #idle = new Map<string, string>();

  constructor(context: CompactContext) {
    this.#context = context;
    this.#room = new Room(context.settings.maxBytes);
    this.#backoff = new Backoff(context.settings.backoffMs, context.settings.maxBackoffMs);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, metrics, logger } = this.#context;
    while (!signal.aborted) {
      let waitMs = settings.intervalMs;
      try {
        // What was merged may be merged again at once: planning is repeated until nothing is left to do.
        if (await this.#turn(signal)) waitMs = 0;
        this.#backoff.succeeded();
      } catch (error) {
        if (signal.aborted) return;
        waitMs = this.#backoff.failed();
        metrics.failures.inc({ what: 'turn' });
        logger.log('warn', 'compaction is held up', { error: messageOf(error), pauseMs: waitMs });
      }
      await this.#waker.wait(waitMs, signal);
    }
  }

  /** Does what is planned now; answers whether anything was merged. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    const { catalog, settings, logger } = this.#context;
    if (!this.#released) {
      const count = await catalog.merges.release(settings.owner);
      this.#released = true;
      if (count > 0) logger.log('info', 'unfinished merges are planned anew', { segments: count });
    }
    await catalog.merges.expireLeases();
    let merged = false;
    // The lanes share one list: each takes the next merge when its last one is done.
    const merges = this.#merges(signal);
    const lane = async (): Promise<void> => {
      for (let next = await merges.next(); !next.done; next = await merges.next()) {
        const { value: merge } = next;
        const bytes = bytesOf(merge);
        if (await this.#room.run(bytes, () => this.#merge(merge))) merged = true;
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: this.#context.merger.threads }, lane));
    const failed = lanes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return merged;
  }

  /** What is planned now, until `signal` is aborted or ingest falls behind. No two name the same segment. */
  async *#merges(signal: AbortSignal): AsyncGenerator<PlannedMerge<MergeCandidate>, undefined> {
    for (const group of await this.#groups()) {
      const merges = await this.#plan(group.group);
      if (merges.length === 0) this.#idle.set(group.name, group.look);
      for (const merge of merges) {
        if (signal.aborted || (await this.#isIngestBehind())) return;
        yield merge;
      }
    }
  }

  /** The groups in which there may be something to merge, the biggest first. */
  async #groups(): Promise<{ group: MergeGroup; name: string; look: string }[]> {
    const { catalog, metrics, places, settings } = this.#context;
    const all = await catalog.merges.groups(fullOf(settings));
    // What has no place to go to would hold up the others.
    const homes = places.reach?.organizations;
    const sizes = all.filter(
      ({ table, organization }) =>
        settings.tables.includes(table) && (homes === undefined || homes.includes(organization)),
    );
    metrics.waiting.set(sizes.reduce((sum, { segments }) => sum + segments, 0));
    const groups = new Map<string, { group: MergeGroup; name: string; look: string; segments: number }>();
    for (const size of sizes) {
      const name = nameOf(size);
      const group = groups.get(name) ?? { group: size, name, look: '', segments: 0 };
      const look = `${group.look}${size.level}:${size.segments}:${size.bytes};`;
      groups.set(name, { ...group, look, segments: group.segments + size.segments });
    }
    // A day that ends has something to merge although nothing was added to it.
    const hour = Math.floor(this.#context.clock.now() / 600_000);
    const found = [...groups.values()]
      .filter(({ segments }) => segments > 1)
      .map(({ group, name, look }) => ({ group, name, look: `${hour} ${look}` }));
    this.#idle = new Map([...this.#idle].filter(([name]) => groups.has(name)));
    return found.filter(({ name, look }) => this.#idle.get(name) !== look);
  }

  async #plan(group: MergeGroup): Promise<PlannedMerge<MergeCandidate>[]> {
    const { catalog, clock, places, settings } = this.#context;
    const candidates = await catalog.merges.candidates(group, fullOf(settings));
    // What is in a bucket that no profile names any more cannot be read, and would hold up the others.
    const mergeable = candidates.filter(
      ({ key }) => !this.#unmergeable.has(key) && places.of(key) !== undefined,
    );
    return planMerges(group.day, mergeable, clock.now(), settings);
  }

  async #isIngestBehind(): Promise<boolean> {
    const { catalog, places, settings } = this.#context;
    const { oldestPendingSeconds } = await catalog.queue(places.reach);
    return oldestPendingSeconds * 1000 > settings.yieldAfterMs;
  }

  async #merge(merge: PlannedMerge<MergeCandidate>): Promise<boolean> {
    const { logger, metrics } = this.#context;
    const { table } = merge.inputs[0];
    const end = metrics.seconds.startTimer();
    try {
      const outcome = await runMerge(this.#context, merge);
      metrics.merges.inc({ table, outcome: outcome.kind });
      if (outcome.kind === 'taken') return false;
      const inputBytes = bytesOf(merge);
      metrics.inputs.inc({ table }, merge.inputs.length);
      metrics.inputBytes.inc({ table }, inputBytes);
      metrics.outputBytes.inc({ table }, outcome.output.bytes);
      metrics.rows.inc({ table }, outcome.output.rows);
      const seconds = end();
      logger.log('debug', 'segments were merged', {
        table,
        level: merge.level,
        inputs: merge.inputs.length,
        inputBytes,
        outputBytes: outcome.output.bytes,
        seconds: Math.round(seconds * 1000) / 1000,
      });
      return true;
    } catch (error) {
      if (error instanceof UnmergeableError) {
        metrics.merges.inc({ table, outcome: 'unmergeable' });
        this.#unmergeable.add(error.key);
        logger.log('error', 'a segment cannot be merged and stays as it is', { error: messageOf(error) });
        return false;
      }
      if (error instanceof ClaimLostError) {
        metrics.merges.inc({ table, outcome: 'lost' });
        logger.log('warn', 'a merge was lost to another worker', { error: messageOf(error) });
        return false;
      }
      metrics.merges.inc({ table, outcome: 'failed' });
      throw error;
    }
  }
}

const bytesOf = ({ inputs }: PlannedMerge) => inputs.reduce((sum, { bytes }) => sum + bytes, 0);

const nameOf = ({ organization, table, day }: MergeGroup | MergeGroupSize) =>
  `${organization}/${table}/${day}`;

const fullOf = ({ targetBytes, targetRows }: CompactSettings) => ({ bytes: targetBytes, rows: targetRows });
