import { type Clock, ConfigError, isMigrated, migrate, type Sql, type SqlRunner } from '@lakewright/core';
import type { ApiKeyFile, ApiKeys } from '@lakewright/otlp';
import { NotSetUpError } from '../errors.ts';
import type { LostBucket } from './losses.ts';
import { howOf, type StorageProfile } from './profiles.ts';
import { TENANCY } from './schema.ts';

/** What a seeding changed. */
export interface SeedReport {
  readonly organizations: number;
  readonly keys: { readonly added: number; readonly removed: number };
  readonly profiles: { readonly added: number; readonly changed: number; readonly removed: number };
}

type ProfileSettings = Omit<StorageProfile, 'organization' | 'instance' | 'bucket'>;

/**
 * Organizations, their API keys (as hashes) and their storage profiles, in a database. Every method throws
 * UnavailableError when the database does not answer.
 */
export class Tenancy {
  readonly #sql: Sql;
  readonly #clock: Clock;

  private constructor(sql: Sql, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  /** Opens the tables in `sql`, bringing them up to date first. Throws ConfigError as core's `migrate` does. */
  static async open(sql: Sql, clock: Clock): Promise<Tenancy> {
    await migrate(sql, TENANCY, clock.now());
    return new Tenancy(sql, clock);
  }

  /** Opens the tables as another process made them. Throws ConfigError when nobody did. */
  static async attach(sql: Sql, clock: Clock): Promise<Tenancy> {
    if (!(await isMigrated(sql, TENANCY))) throw new NotSetUpError('tenancy');
    return new Tenancy(sql, clock);
  }

  /**
   * Makes the keys and the profiles of every organization that is named exactly what is given, in one
   * transaction: a key that is not given any more opens nothing, and an organization that is named without a key has
   * none. Organizations that are not named stay as
   * they are, and what is undefined stays as it is for all. Throws ConfigError for a bucket that another
   * organization's profile describes in another way: its objects would be looked for in the wrong place.
   */
  seed(seed: {
    readonly keys: ApiKeyFile | undefined;
    readonly profiles: readonly StorageProfile[] | undefined;
  }): Promise<SeedReport> {
    return this.#sql.transaction(async (tx) => {
      const { keys, profiles = [] } = seed;
      const named = [...(keys?.organizations ?? []), ...profiles.map(({ organization }) => organization)];
      return {
        organizations: await this.#addOrganizations(tx, [...new Set(named)]),
        keys: await this.#setKeys(tx, keys),
        profiles: await this.#setProfiles(tx, profiles),
      };
    });
  }

  /** The keys of all organizations. */
  async apiKeys(): Promise<ApiKeys> {
    const rows = await this.#sql.query<{ organization: string; sha256: string }>(
      'select organization, sha256 from api_key order by sha256',
    );
    return {
      entries: rows.map(({ organization, sha256 }) => ({ organization, sha256: Buffer.from(sha256, 'hex') })),
    };
  }

  /** The storage profiles of all organizations. */
  storageProfiles(): Promise<StorageProfile[]> {
    return profilesIn(this.#sql);
  }

  /** Where organizations have a profile now and, were they seeded with `profiles`, would have none. */
  async lostBy(profiles: readonly StorageProfile[]): Promise<LostBucket[]> {
    const named = new Set(profiles.map(({ organization }) => organization));
    const kept = new Set(profiles.map(nameOf));
    const lost = (await this.storageProfiles()).filter(
      (profile) => named.has(profile.organization) && !kept.has(nameOf(profile)),
    );
    return [...new Map(lost.map((profile) => [nameOf(profile), profile])).values()].map(
      ({ organization, bucket }) => ({ organization, bucket }),
    );
  }

  async #addOrganizations(tx: SqlRunner, organizations: readonly string[]): Promise<number> {
    const added = await tx.query(
      `insert into organization select id, $2::bigint from unnest($1::text[]) as x(id)
       on conflict do nothing returning 1`,
      [organizations, this.#clock.now()],
    );
    return added.length;
  }

  async #setKeys(tx: SqlRunner, keys: ApiKeyFile | undefined): Promise<SeedReport['keys']> {
    if (keys === undefined) return { added: 0, removed: 0 };
    const rows = keys.entries.map(({ organization, sha256 }) => ({
      organization,
      sha256: sha256.toString('hex'),
    }));
    const removed = await tx.query(
      `delete from api_key k where organization = any($1::text[]) and not exists (
         select 1 from ${KEY_ROWS.replace('$1', '$2')} where x.sha256 = k.sha256 and x.organization = k.organization)
       returning 1`,
      [keys.organizations, JSON.stringify(rows)],
    );
    // A key that another organization has is a mistake that the primary key refuses.
    const added = await tx.query(
      `insert into api_key (sha256, organization, created_at_ms)
       select sha256, organization, $2::bigint from ${KEY_ROWS}
       where not exists (select 1 from api_key k where k.sha256 = x.sha256 and k.organization = x.organization)
       returning 1`,
      [JSON.stringify(rows), this.#clock.now()],
    );
    return { added: added.length, removed: removed.length };
  }

  async #setProfiles(tx: SqlRunner, profiles: readonly StorageProfile[]): Promise<SeedReport['profiles']> {
    const rows = profiles.map(({ organization, instance, bucket, ...settings }) => ({
      organization,
      instance,
      bucket,
      settings,
    }));
    const text = JSON.stringify(rows);
    const removed = await tx.query(
      `delete from storage_profile p where organization = any($1::text[]) and not exists (
         select 1 from ${PROFILE_ROWS.replace('$1', '$2')}
         where x.organization = p.organization and x.instance = p.instance)
       returning 1`,
      [[...new Set(rows.map(({ organization }) => organization))], text],
    );
    const set = await tx.query<{ added: boolean }>(
      `insert into storage_profile as p (organization, instance, bucket, settings, created_at_ms)
       select organization, instance, bucket, settings, $2::bigint from ${PROFILE_ROWS}
       on conflict (organization, instance) do update set bucket = excluded.bucket, settings = excluded.settings
       where p.bucket <> excluded.bucket or p.settings <> excluded.settings
       returning (xmax = 0) as added`,
      [text, this.#clock.now()],
    );
    checkBuckets(await profilesIn(tx));
    const added = set.filter((row) => row.added).length;
    return { added, changed: set.length - added, removed: removed.length };
  }
}

const KEY_ROWS = `jsonb_to_recordset($1::text::jsonb) as x(organization text, sha256 text)`;
const PROFILE_ROWS = `jsonb_to_recordset($1::text::jsonb)
  as x(organization text, instance integer, bucket text, settings jsonb)`;

const nameOf = ({ organization, bucket }: LostBucket) => `${organization} ${bucket}`;

async function profilesIn(sql: SqlRunner): Promise<StorageProfile[]> {
  const rows = await sql.query<{
    organization: string;
    instance: number;
    bucket: string;
    settings: Partial<ProfileSettings>;
  }>('select organization, instance, bucket, settings from storage_profile order by organization, instance');
  return rows.map(({ organization, instance, bucket, settings }) => ({
    organization,
    instance,
    bucket,
    collector: settings.collector ?? 'default',
    region: settings.region,
    endpoint: settings.endpoint,
    pathStyle: settings.pathStyle ?? false,
    insecureTls: settings.insecureTls ?? false,
    role: settings.role,
  }));
}

function checkBuckets(profiles: readonly StorageProfile[]): void {
  const first = new Map<string, StorageProfile>();
  for (const profile of profiles) {
    const other = first.get(profile.bucket) ?? profile;
    first.set(profile.bucket, other);
    if (howOf(other) === howOf(profile)) continue;
    throw new ConfigError(
      `organizations ${other.organization} and ${profile.organization} describe bucket ${profile.bucket} in two ways`,
      { hint: 'say the same region, endpoint, use_path_style, insecure_tls and role for both' },
    );
  }
}
