import { ConfigError } from '@lakewright/core';

type Environment = Readonly<Record<string, string | undefined>>;

/** Databases that services use: what the lake holds, and who uses it. */
export interface DatabaseUrls {
  readonly lake: string;
  readonly tenancy: string;
}

/**
 * The databases that the environment names. `LAKEWRIGHT_DATABASE_URL` or `DATABASE_URL` is both of them;
 * otherwise `LRDB_URL`, or `LRDB_HOST`, `_PORT` (5432), `_USER`, `_PASSWORD`, `_DBNAME` and `_SSLMODE` (require),
 * is the lake's, and `CONFIGDB_*` the tenancy's, or the lake's where none of them is set. Throws ConfigError
 * when there is none, or a part is missing; no password is in an error.
 */
export function databaseUrls(env: Environment): DatabaseUrls {
  const one = env.LAKEWRIGHT_DATABASE_URL || env.DATABASE_URL;
  if (one) return { lake: one, tenancy: one };
  const lake = urlOf('LRDB', env);
  if (lake === undefined) {
    throw new ConfigError('no database is named', {
      hint: 'set DATABASE_URL, LRDB_URL, or LRDB_HOST with LRDB_USER, LRDB_PASSWORD and LRDB_DBNAME',
    });
  }
  return { lake, tenancy: urlOf('CONFIGDB', env) ?? lake };
}

function urlOf(prefix: 'LRDB' | 'CONFIGDB', env: Environment): string | undefined {
  const whole = env[`${prefix}_URL`];
  if (whole) return whole;
  const host = env[`${prefix}_HOST`];
  if (!host) return undefined;
  const missing = ['USER', 'DBNAME'].filter((part) => !env[`${prefix}_${part}`]);
  if (missing.length > 0) {
    throw new ConfigError(
      `${prefix}_HOST is set, and ${missing.map((part) => `${prefix}_${part}`).join(' and ')} is not`,
    );
  }
  const url = new URL('postgres://host');
  url.hostname = host;
  url.port = env[`${prefix}_PORT`] || '5432';
  url.username = encodeURIComponent(env[`${prefix}_USER`] ?? '');
  url.password = encodeURIComponent(env[`${prefix}_PASSWORD`] ?? '');
  url.pathname = `/${encodeURIComponent(env[`${prefix}_DBNAME`] ?? '')}`;
  url.searchParams.set('sslmode', env[`${prefix}_SSLMODE`] || 'require');
  // With the meaning that libpq gives to the modes: `require` encrypts and does not verify.
  url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}
