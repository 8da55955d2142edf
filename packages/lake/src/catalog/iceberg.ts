import type { Clock, Sql, SqlRunner } from '@lakewright/core';
import type { DataFile, Entry } from '../iceberg/data-file.ts';
import { STATUS } from '../iceberg/data-file.ts';
import type { Changes } from '../iceberg/plan.ts';
import type { TableState } from '../iceberg/state.ts';
import type { TableName } from '../tables.ts';
import type { SweepScope } from './sweeps.ts';
import { recordset, storable } from './text.ts';

/** One organization's table. */
export interface TableId {
  readonly organization: string;
  readonly table: TableName;
}

/** What becomes true together when a new version of a table is published. */
export interface IcebergPublication extends TableId {
  /** Of which `version` is that of the state before, and one more. */
  readonly state: TableState & { readonly metadataKey: string };
  readonly nextExpiryMs: number | undefined;
  /** The new manifests with their entries. */
  readonly manifests: readonly { readonly key: string; readonly entries: readonly Entry[] }[];
  /** Files that the new snapshot does not name any more. */
  readonly removed: readonly string[];
  /** Keys of the metadata files that were written for it. */
  readonly written: readonly string[];
  /** Keys of metadata files that no snapshot needs any more. */
  readonly leftOvers: readonly string[];
  /** The sequence number of the oldest snapshot that is kept. */
  readonly oldestSequence: number;
}

/**
 * A segment that was retired as long ago as this, in milliseconds, is not published any more: the sweeper may
 * be at its object. Its grace is longer than this.
 */
const MAX_RETIRED_MS = 60_000;

type FileRow = [
  segmentId: string,
  key: string,
  level: number,
  rows: number,
  bytes: number,
  min: string,
  max: string,
  first: string | null,
  last: string | null,
];

/**
 * Services are known by names that may be cut and that have U+FFFD where the table has NUL: those are no
 * bounds. Names are cut to 500 UTF-16 units, which are 250 characters or more.
 */
const FILE_ROW = `json_build_array(s.segment_id, s.key, s.level, s.rows, s.bytes, s.min_time_ns::text,
  s.max_time_ns::text, bounds.first, bounds.last)`;
const BOUNDS = `left join lateral (
    select min(name collate "C") as first, max(name collate "C") as last from unnest(s.services) as name
    having bool_and(length(name) < 250 and position(chr(65533) in name) = 0)
  ) bounds on true`;

/** All rows as one text: reading thousands of rows of the protocol one by one takes longer than finding them. */
const ALL_OF = (row: string) => `coalesce(json_agg(${row}), '[]')::text`;

/**
 * Something of the file that the current snapshot names for a segment `s`. Looked up row by row, by the whole
 * key: what the planner knows of a table that has just grown makes it join the other way round, which takes
 * minutes for 100,000 files.
 */
const OF_FILE = (column: string) => `(select ${column} from iceberg_file f
  where f.organization = s.organization and f.table_name = s.table_name and f.segment_id = s.segment_id
    and f.left_sequence is null)`;

/** The catalog's part that publishing Iceberg tables works with. Methods throw UnavailableError. */
export class IcebergBooks {
  readonly #sql: Sql;
  readonly #clock: Clock;

  constructor(sql: Sql, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  /** Every table that is published. */
  async published({ organization }: SweepScope): Promise<TableId[]> {
    return toIds(
      await this.#sql.query<IdRow>(
        `select organization, table_name from iceberg_table
         where ($1::text is null or organization = $1) order by 1, 2`,
        [organization ?? null],
      ),
    );
  }

  /** The tables whose segments have changed since they were published, or of which something expires now. */
  async changed({ organization }: SweepScope): Promise<TableId[]> {
    return toIds(
      await this.#sql.query<IdRow>(
        `select organization, table_name from segment
         where retired_at_ms is null and not in_iceberg and ($1::text is null or organization = $1)
         union
         select s.organization, s.table_name from segment s
         where s.retired_at_ms is not null and s.in_iceberg and ($1::text is null or s.organization = $1)
           and ${OF_FILE('f.manifest')} is not null
         union
         select organization, table_name from iceberg_table
         where next_expiry_at_ms <= $2::bigint and ($1::text is null or organization = $1)
         order by 1, 2`,
        [organization ?? null, this.#clock.now()],
      ),
    );
  }

  async state({ organization, table }: TableId): Promise<TableState | undefined> {
    const [row] = await this.#sql.query<{ state: string }>(
      'select state from iceberg_table where organization = $1 and table_name = $2',
      [organization, table],
    );
    return row === undefined ? undefined : JSON.parse(row.state);
  }

  /** Where the current metadata of a table is; undefined when it is not published. */
  async metadataKey(organization: string, table: string): Promise<string | undefined> {
    const [row] = await this.#sql.query<{ metadata_key: string }>(
      'select metadata_key from iceberg_table where organization = $1 and table_name = $2',
      [organization, storable(table)],
    );
    return row?.metadata_key;
  }

  /** What has changed since the table was published: one statement, so that a merge is in it whole or not. */
  async changes({ organization, table }: TableId): Promise<Changes> {
    const [{ added, removed }] = await this.#sql.query<{ added: string; removed: string }>(
      `select (
         select ${ALL_OF(FILE_ROW)} from segment s ${BOUNDS}
         where s.organization = $1 and s.table_name = $2 and s.retired_at_ms is null and not s.in_iceberg
       ) as added, (
         select ${ALL_OF('json_build_array(gone.segment_id, gone.manifest)')} from (
           select s.segment_id, ${OF_FILE('f.manifest')} as manifest from segment s
           where s.organization = $1 and s.table_name = $2 and s.retired_at_ms is not null and s.in_iceberg
         ) gone where gone.manifest is not null
       ) as removed`,
      [organization, table],
    );
    return {
      added: (JSON.parse(added) as FileRow[]).map(toFile),
      removed: (JSON.parse(removed) as [string, string][]).map(([segmentId, manifest]) => ({
        segmentId,
        manifest,
      })),
    };
  }

  /** The files of the current snapshot that these manifests name. */
  async entries(manifests: readonly string[]): Promise<Entry[]> {
    if (manifests.length === 0) return [];
    const [{ found }] = await this.#sql.query<{ found: string }>(
      `select ${ALL_OF(`json_build_array(${FILE_ROW}, f.snapshot_id, f.sequence)`)} as found
       from iceberg_file f join segment s using (organization, table_name, segment_id) ${BOUNDS}
       where f.manifest = any($1::text[]) and f.left_sequence is null`,
      [manifests],
    );
    const rows = JSON.parse(found) as [FileRow, snapshotId: number, sequence: number][];
    return rows.map(([file, snapshotId, sequence]) => ({
      file: toFile(file),
      status: STATUS.EXISTING,
      snapshotId,
      sequence,
    }));
  }

  /** Notes metadata files that are about to be written: unless they are published, they go after `dueMs`. */
  async announce(keys: readonly string[], dueMs: number): Promise<void> {
    await this.#sql.query(
      'insert into iceberg_left_over (key, due_at_ms) select key, $2::bigint from unnest($1::text[]) as key',
      [keys, dueMs],
    );
  }

  /**
   * Makes a new version the current one, in one transaction. False, with nothing changed, when somebody else
   * published the table since the state was read, or when a segment is not there to be named any more.
   */
  async publish(publication: IcebergPublication): Promise<boolean> {
    try {
      await this.#sql.transaction(async (tx) => {
        await this.#swap(tx, publication);
        await this.#name(tx, publication);
        await this.#leave(tx, publication);
        await this.#settle(tx, publication);
      });
      return true;
    } catch (error) {
      if (error instanceof LostError) return false;
      throw error;
    }
  }

  /** The pointer to the metadata, which only one of several publishers moves. */
  async #swap(tx: SqlRunner, publication: IcebergPublication): Promise<void> {
    const { organization, table, state, nextExpiryMs } = publication;
    const params = [
      organization,
      table,
      state.version,
      state.metadataKey,
      nextExpiryMs ?? null,
      JSON.stringify(state),
    ];
    const moved = await tx.query(
      state.version === 1
        ? `insert into iceberg_table (organization, table_name, version, metadata_key, next_expiry_at_ms, state)
           values ($1, $2, $3::bigint, $4, $5::bigint, $6) on conflict do nothing returning 1`
        : `update iceberg_table set version = $3::bigint, metadata_key = $4, next_expiry_at_ms = $5::bigint,
             state = $6
           where organization = $1 and table_name = $2 and version = $3::bigint - 1 returning 1`,
      params,
    );
    if (moved.length === 0) throw new LostError();
  }

  /** Notes what the new manifests name; what came with them is kept from the sweeper from now on. */
  async #name(tx: SqlRunner, { organization, table, manifests }: IcebergPublication): Promise<void> {
    const live = manifests.flatMap(({ key, entries }) =>
      entries
        .filter(({ status }) => status !== STATUS.DELETED)
        .map(({ file, status, snapshotId, sequence }) => ({
          segment_id: file.segmentId,
          manifest: key,
          snapshot_id: snapshotId,
          sequence,
          added: status === STATUS.ADDED,
        })),
    );
    const added = live.filter((row) => row.added).map(({ segment_id }) => segment_id);
    // Waiting for a merge that has them could end with each waiting for the other.
    const locked = await tx.query(
      `select 1 from segment where organization = $1 and table_name = $2 and segment_id = any($3::text[])
         and not in_iceberg and (retired_at_ms is null or retired_at_ms > $4::bigint)
       for update skip locked`,
      [organization, table, added, this.#clock.now() - MAX_RETIRED_MS],
    );
    if (locked.length !== added.length) throw new LostError();
    await tx.query(
      `update segment set in_iceberg = true
       where organization = $1 and table_name = $2 and segment_id = any($3::text[])`,
      [organization, table, added],
    );
    await tx.query(
      `insert into iceberg_file (organization, table_name, segment_id, manifest, snapshot_id, sequence)
       select $1, $2, segment_id, manifest, snapshot_id, sequence from jsonb_to_recordset($3::text::jsonb)
         as x(segment_id text, manifest text, snapshot_id bigint, sequence bigint)
       on conflict (organization, table_name, segment_id) do update set manifest = excluded.manifest`,
      [organization, table, recordset(live)],
    );
  }

  /** Notes what the new snapshot does not name any more. */
  async #leave(tx: SqlRunner, { organization, table, removed, state }: IcebergPublication): Promise<void> {
    await tx.query(
      `update iceberg_file set left_sequence = $4::bigint
       where organization = $1 and table_name = $2 and segment_id = any($3::text[])`,
      [organization, table, removed, state.sequence],
    );
  }

  /** Lets go of what no snapshot names any more, and keeps what was written. */
  async #settle(tx: SqlRunner, publication: IcebergPublication): Promise<void> {
    const { organization, table, oldestSequence, written, leftOvers } = publication;
    await tx.query(
      `with free as (
         delete from iceberg_file
         where organization = $1 and table_name = $2 and left_sequence <= $3::bigint returning segment_id
       ) update segment set in_iceberg = false
       where organization = $1 and table_name = $2 and segment_id in (select segment_id from free)`,
      [organization, table, oldestSequence],
    );
    await tx.query('delete from iceberg_left_over where key = any($1::text[])', [written]);
    await tx.query(
      `insert into iceberg_left_over (key, due_at_ms) select key, $2::bigint from unnest($1::text[]) as key
       on conflict do nothing`,
      [leftOvers, this.#clock.now()],
    );
  }

  /** Metadata files that are to be removed now, `limit` at most. */
  async leftOvers(limit: number): Promise<string[]> {
    const rows = await this.#sql.query<{ key: string }>(
      'select key from iceberg_left_over where due_at_ms <= $1::bigint order by due_at_ms, key limit $2',
      [this.#clock.now(), limit],
    );
    return rows.map(({ key }) => key);
  }

  /** Forgets left-overs that were removed. */
  async forget(keys: readonly string[]): Promise<void> {
    await this.#sql.query('delete from iceberg_left_over where key = any($1::text[])', [keys]);
  }

  /** Takes a table back, so that nothing is kept for its readers; `keys` are its metadata files. */
  async withdraw({ organization, table }: TableId, keys: readonly string[]): Promise<void> {
    await this.#sql.transaction(async (tx) => {
      for (const name of ['iceberg_table', 'iceberg_file']) {
        await tx.query(`delete from ${name} where organization = $1 and table_name = $2`, [
          organization,
          table,
        ]);
      }
      await tx.query(
        `update segment set in_iceberg = false where organization = $1 and table_name = $2 and in_iceberg`,
        [organization, table],
      );
      await tx.query(
        `insert into iceberg_left_over (key, due_at_ms) select key, $2::bigint from unnest($1::text[]) as key
         on conflict do nothing`,
        [keys, this.#clock.now()],
      );
    });
  }
}

/** Somebody else was first. */
class LostError extends Error {}

interface IdRow {
  readonly organization: string;
  readonly table_name: TableName;
}

const toIds = (rows: readonly IdRow[]): TableId[] =>
  rows.map(({ organization, table_name }) => ({ organization, table: table_name }));

function toFile([segmentId, key, level, rows, bytes, min, max, first, last]: FileRow): DataFile {
  const services = first === null || last === null ? undefined : { first, last };
  return { segmentId, key, level, rows, bytes, minTimeNs: BigInt(min), maxTimeNs: BigInt(max), services };
}
