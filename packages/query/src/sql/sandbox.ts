import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { SqlLimits } from '../limits.ts';
import { sqlString } from './text.ts';

/** A DuckDB of its own for one query: nothing that one query does can be seen by another. */
export interface Sandbox {
  readonly connection: DuckDBConnection;
  /** Its spill files go here; made when there are any. */
  readonly directory: string;
  /**
   * From here on the database reads exactly `paths`, writes nothing but its own spill files and refuses
   * every change of its settings. There is no way back.
   */
  lock(paths: readonly string[]): Promise<void>;
  /** Frees its memory and removes its spill files and directory. Nothing may be running in it. */
  close(): Promise<void>;
}

/** What a sandbox may use. */
export type SandboxLimits = Pick<SqlLimits, 'threads' | 'maxQueryMemoryBytes' | 'maxSpillBytes'>;

/** Makes sandboxes, and keeps one at hand since making one takes about 15 ms. */
export interface SandboxPool {
  take(): Promise<Sandbox>;
  close(): Promise<void>;
}

const SPILL_PREFIX = 'lakewright-spill-';

/** Opens sandboxes that spill below `tempDirectory`, within `limits`. */
export function sandboxPool(limits: SandboxLimits, tempDirectory: string): SandboxPool {
  let made = 0;
  let ready: Promise<void> | undefined;
  let spare: Promise<Sandbox> | undefined;
  let closed = false;

  const make = async (): Promise<Sandbox> => {
    ready ??= prepareTempDirectory(tempDirectory);
    await ready;
    made++;
    return openSandbox(limits, join(tempDirectory, `${SPILL_PREFIX}${process.pid}-${made}`));
  };
  const refill = () => {
    if (closed || spare !== undefined) return;
    spare = make();
    // The failure belongs to whoever takes it; without this it would also be an unhandled rejection.
    spare.catch(() => {});
  };

  return {
    async take() {
      const taken = spare ?? make();
      spare = undefined;
      const sandbox = await taken;
      refill();
      return sandbox;
    },
    async close() {
      closed = true;
      const left = await spare?.catch(() => undefined);
      spare = undefined;
      await left?.close();
    },
  };
}

/** Removes what a process that was killed left behind. */
async function prepareTempDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const own = `${SPILL_PREFIX}${process.pid}-`;
  for (const name of await readdir(directory)) {
    if (name.startsWith(SPILL_PREFIX) && !name.startsWith(own)) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}

async function openSandbox(limits: SandboxLimits, spillDirectory: string): Promise<Sandbox> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${limits.maxQueryMemoryBytes}B`,
    temp_directory: spillDirectory,
    max_temp_directory_size: `${limits.maxSpillBytes}B`,
    errors_as_json: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
    // The operating system caches local files already, outside of the query's memory.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('SET parquet_metadata_cache = true');
  return {
    connection,
    directory: spillDirectory,
    async lock(paths) {
      await connection.run(`SET allowed_paths = [${paths.map(sqlString).join(',')}]`);
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(spillDirectory, { recursive: true, force: true });
    },
  };
}
