import { readFile } from 'node:fs/promises';
import { ConfigError, LakewrightError, messageOf } from '@lakewright/core';
import { type Authenticator, assertBindAllowed, authenticator, loadApiKeys } from '@lakewright/otlp';
import type { Config } from '../config.ts';

/** What `up` can be told. */
export interface LocalSettings {
  readonly dataDirectory: string;
  readonly host: string;
  /** 0 for any free port, as the other two. */
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly queryPort: number;
  /** A YAML file of API keys. */
  readonly apiKeysFile: string | undefined;
  /** A PostgreSQL for the catalog; may hold a password. */
  readonly databaseUrl: string | undefined;
  readonly config: Config;
}

/**
 * Who may send and ask. Throws ConfigError when the file cannot be used, or when there is none and `host`
 * can be reached from other machines.
 */
export async function loadKeys({ apiKeysFile, host }: LocalSettings): Promise<Authenticator> {
  const keys = apiKeysFile === undefined ? undefined : loadApiKeys(await readKeys(apiKeysFile));
  assertBindAllowed(host, keys);
  return authenticator(keys);
}

async function readKeys(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the API keys file ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'name another file with --api-keys or LAKEWRIGHT_API_KEYS',
      cause: error,
    });
  }
}

/** What `lock` resolves with; a directory that the system refuses becomes a ConfigError that names it. */
export async function usable<T>(directory: string, lock: Promise<T>): Promise<T> {
  try {
    return await lock;
  } catch (error) {
    if (error instanceof LakewrightError) throw error;
    throw new ConfigError(`the data directory ${directory} cannot be used: ${messageOf(error)}`, {
      hint: 'give another directory with --data',
      cause: error,
    });
  }
}

/** Where something is about to listen, and the flag or variable that chooses the port. */
export interface Bind {
  readonly what: string;
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/** What `start` resolves with; a failure to listen becomes a ConfigError that names address and flag. */
export async function listening<T>(bind: Bind, start: Promise<T>): Promise<T> {
  try {
    return await start;
  } catch (error) {
    if (error instanceof ConfigError && error.hint !== undefined) throw error;
    const message =
      error instanceof ConfigError
        ? error.message
        : `${bind.what}: cannot listen on ${bind.host}:${bind.port}: ${reasonOf(error)}`;
    throw new ConfigError(message, {
      hint: `choose another address with ${bind.setting}, or another host`,
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'the port is in use' : messageOf(error);
}

/** The address at which a client on this machine reaches a listener. */
export function urlOf(host: string, port: number): string {
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${reachable}:${port}`;
}
