import { type Clock, ConfigError, type Sql } from '@lakewright/core';
import { NotSetUpError } from '../errors.ts';
import type { LakeStatus, PlannedSegment, RawObject, SegmentIndex, ServiceSummary } from '../types.ts';
import { type DeadObject, listDead, revive, supersede } from './dead-letters.ts';
import { type Holdings, holdings } from './holdings.ts';
import { IcebergBooks } from './iceberg.ts';
import { MergeBooks } from './merges.ts';
import { isMigrated, migrate } from './migrations/index.ts';
import { type Publication, publish } from './publish.ts';
import * as raw from './raw-objects.ts';
import { RollupBooks } from './rollups.ts';
import { findSegments, listServices, type SegmentQuery, tableTotals } from './segments.ts';
import { SeriesBooks } from './series.ts';
import { SweepBooks } from './sweeps.ts';

/** How often an object may be claimed and not finished before it is a dead letter. */
export const MAX_ATTEMPTS = 5;
/** Milliseconds after which a claim that nobody renewed is free again. */
export const LEASE_MS = 5 * 60_000;

export interface CatalogSettings {
  readonly maxAttempts: number;
  readonly leaseMs: number;
}

/**
 * The lake's memory: which raw objects there are and how far each has come, and which segments are
 * published. Every change is one transaction, so that a death at any moment leaves a state to go on from.
 *
 * Every method throws UnavailableError when the database does not answer.
 */
export class Catalog implements SegmentIndex {
  readonly settings: CatalogSettings;
  /** What compaction works with. */
  readonly merges: MergeBooks;
  /** What the sweeper works with. */
  readonly sweeps: SweepBooks;
  /** What rollups work with. */
  readonly rollups: RollupBooks;
  /** What publishing Iceberg tables works with. */
  readonly iceberg: IcebergBooks;
  /** How many series metrics have. */
  readonly series: SeriesBooks;
  readonly #sql: Sql;
  readonly #clock: Clock;

  private constructor(sql: Sql, clock: Clock, settings: CatalogSettings) {
    this.#sql = sql;
    this.#clock = clock;
    this.settings = settings;
    this.merges = new MergeBooks(sql, clock, settings.leaseMs);
    this.sweeps = new SweepBooks(sql, clock, settings.leaseMs);
    this.rollups = new RollupBooks(sql, clock, settings.leaseMs);
    this.iceberg = new IcebergBooks(sql, clock);
    this.series = new SeriesBooks(sql);
  }

  /** Opens the catalog in `sql`, bringing its tables up to date first. Throws ConfigError as `migrate` does. */
  static async open(sql: Sql, clock: Clock, settings: Partial<CatalogSettings> = {}): Promise<Catalog> {
    await migrate(sql, clock.now());
    return new Catalog(sql, clock, { maxAttempts: MAX_ATTEMPTS, leaseMs: LEASE_MS, ...settings });
  }

  /**
   * Opens the catalog in `sql` as another process made it. Throws ConfigError when nobody did, or an older or
   * newer program.
   */
  static async attach(sql: Sql, clock: Clock, settings: Partial<CatalogSettings> = {}): Promise<Catalog> {
    if (!(await isMigrated(sql))) throw new NotSetUpError('catalog');
    return new Catalog(sql, clock, { maxAttempts: MAX_ATTEMPTS, leaseMs: LEASE_MS, ...settings });
  }

  /**
   * Ties this catalog to the object store called `id`, for good. Throws ConfigError when it belongs to another
   * one: each would take the other's objects for lost and bury them.
   */
  async bindStore(id: string): Promise<void> {
    await this.#sql.query('insert into object_store (id) values ($1) on conflict do nothing', [id]);
    const [bound] = await this.#sql.query<{ id: string }>('select id from object_store');
    if (bound.id === id) return;
    throw new ConfigError('the database holds the catalog of another data directory', {
      hint: 'give every data directory a database of its own, or go back to the directory it was made with',
    });
  }

  /** Adds those of `objects` that are not known yet and answers them. Announcing twice changes nothing. */
  announce(objects: readonly raw.NewRawObject[]): Promise<RawObject[]> {
    return raw.announce(this.#sql, objects, this.#clock.now());
  }

  /** Those of `objects` that the catalog does not know. */
  unknownObjects<T extends { key: string; etag: string }>(objects: readonly T[]): Promise<T[]> {
    return raw.unknownObjects(this.#sql, objects);
  }

  /** Whether bytes with this digest were ingested from this key before, whatever their etag was. */
  isIngested(key: string, digest: string): Promise<boolean> {
    return raw.isIngested(this.#sql, key, digest);
  }

  /**
   * Claims waiting objects of one organization and signal for `owner`, in the order of arrival; none when
   * nothing is ripe. See ClaimOptions for what is ripe and how much is taken.
   */
  claim(options: Omit<raw.ClaimOptions, 'nowMs'>): Promise<raw.ClaimedObject[]> {
    return raw.claim(this.#sql, { ...options, nowMs: this.#clock.now() });
  }

  /** Publishes segments and marks their inputs done, together or not at all. Throws ClaimLostError. */
  publish(publication: Omit<Publication, 'nowMs'>): Promise<void> {
    return publish(this.#sql, { ...publication, nowMs: this.#clock.now() });
  }

  /** Frees what `owner` had claimed before it died; answers how many objects. For its next start. */
  release(owner: string): Promise<number> {
    return raw.release(this.#sql, owner, this.#clock.now(), this.settings.maxAttempts);
  }

  /** Frees the claims whose lease is over; answers how many objects. */
  expireLeases(): Promise<number> {
    const now = this.#clock.now();
    return raw.expire(this.#sql, now - this.settings.leaseMs, now, this.settings.maxAttempts);
  }

  /** Begins the lease of claims anew: `owner` is still at work on them. */
  renew(owner: string, ids: readonly bigint[]): Promise<void> {
    return raw.renew(this.#sql, owner, ids, this.#clock.now());
  }

  /** Puts claimed objects back as if they had not been claimed. */
  giveBack(owner: string, ids: readonly bigint[]): Promise<void> {
    return raw.giveBack(this.#sql, owner, ids);
  }

  /** Notes a failed attempt: tried again after `retryInMs`, buried after the last. Answers if it was buried. */
  fail(owner: string, id: bigint, reason: string, retryInMs: number): Promise<boolean> {
    const nowMs = this.#clock.now();
    const { maxAttempts } = this.settings;
    return raw.fail(this.#sql, owner, id, { reason, nowMs, retryAtMs: nowMs + retryInMs, maxAttempts });
  }

  /** Moves a claimed object to the dead letters; false when `owner` does not have it any more. */
  bury(owner: string, id: bigint, reason: string): Promise<boolean> {
    return raw.bury(this.#sql, owner, id, reason, this.#clock.now());
  }

  /** Forgets a claimed object whose bytes were replaced since. */
  forget(owner: string, id: bigint): Promise<void> {
    return raw.forget(this.#sql, owner, id);
  }

  segments(query: SegmentQuery): Promise<PlannedSegment[]> {
    return findSegments(this.#sql, query);
  }

  /** Every service of an organization, by name. */
  services(organization: string): Promise<ServiceSummary[]> {
    return listServices(this.#sql, organization);
  }

  /** How far an organization's raw objects have come, and how big its tables are. */
  async status(organization: string): Promise<LakeStatus> {
    const counts = await this.#sql.query<{ state: keyof LakeStatus['rawObjects']; count: bigint }>(
      'select state, count(*) as count from raw_object where organization = $1 group by state',
      [organization],
    );
    const [{ oldest }] = await this.#sql.query<{ oldest: bigint | null }>(
      `select min(announced_at_ms) as oldest from raw_object where organization = $1 and state = 'pending'`,
      [organization],
    );
    const count = (state: string) => Number(counts.find((row) => row.state === state)?.count ?? 0n);
    return {
      rawObjects: {
        pending: count('pending'),
        claimed: count('claimed'),
        done: count('done'),
        dead: count('dead'),
      },
      oldestPendingSeconds: this.#secondsSince(oldest),
      tables: await tableTotals(this.#sql, organization),
    };
  }

  /** What waits for ingest in all organizations together, or of it what is within `reach`. */
  async queue(reach?: raw.Reach): Promise<{ pending: number; oldestPendingSeconds: number }> {
    const { pending, oldestMs } = await raw.waiting(this.#sql, reach);
    return { pending, oldestPendingSeconds: this.#secondsSince(oldestMs) };
  }

  /** What an organization has below `base` that the lake still needs. */
  holdings(organization: string, base: string): Promise<Holdings> {
    return holdings(this.#sql, organization, base);
  }

  /** The dead letters of an organization, the latest first. */
  deadLetters(organization: string): Promise<DeadObject[]> {
    return listDead(this.#sql, organization);
  }

  async deadLetter(organization: string, id: bigint): Promise<DeadObject | undefined> {
    // Ids are int8: a bigger number is nobody's.
    if (id < 0n || id >= 2n ** 63n) return undefined;
    return (await listDead(this.#sql, organization, id))[0];
  }

  /** Puts a dead letter back to wait for ingest. */
  revive(id: bigint): Promise<void> {
    return revive(this.#sql, id, this.#clock.now());
  }

  /** Replaces a dead letter by the object that has its key now. */
  supersede(id: bigint, object: raw.NewRawObject): Promise<void> {
    return supersede(this.#sql, id, object, this.#clock.now());
  }

  /** Frees the space of old row versions and refreshes the planner's figures: nothing else does it embedded. */
  async maintain(): Promise<void> {
    const tables = [
      ...['raw_object', 'segment', 'service', 'rollup_unit'],
      ...['iceberg_file', 'iceberg_table', 'metric_series'],
    ];
    for (const table of tables) {
      await this.#sql.query(`vacuum (analyze) ${table}`);
    }
  }

  #secondsSince(ms: bigint | null): number {
    return ms === null ? 0 : Math.max(0, (this.#clock.now() - Number(ms)) / 1000);
  }
}
