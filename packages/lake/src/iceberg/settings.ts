import { ConfigError } from '@lakewright/core';
import { MANIFEST_SETTINGS, type ManifestSettings } from './plan.ts';

/** How tables are published. Every time is in milliseconds. */
export interface IcebergSettings extends ManifestSettings {
  /** Between two looks for something to publish. */
  readonly intervalMs: number;
  /** How long a snapshot can be read after the next one took its place; its files stay as long. */
  readonly keepMs: number;
  /** Age at which metadata files that were written and never published are removed. */
  readonly leftOverMs: number;
  /** How long to wait after the first failure; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

const MINUTE = 60_000;
/** Less would take the metadata from under a reader that has just been told where it is. */
const MIN_KEEP_MS = MINUTE;
/** All snapshots that are kept are in every metadata file, some 600 bytes each. */
const MAX_SNAPSHOTS = 1000;

export const ICEBERG_SETTINGS: IcebergSettings = {
  ...MANIFEST_SETTINGS,
  intervalMs: MINUTE,
  keepMs: 60 * MINUTE,
  leftOverMs: 60 * MINUTE,
  backoffMs: 1000,
  maxBackoffMs: MINUTE,
};

/**
 * The settings with defaults. Throws ConfigError when snapshots would be taken from under their readers, or be
 * too many.
 */
export function icebergSettings(given: Partial<IcebergSettings>): IcebergSettings {
  const settings = { ...ICEBERG_SETTINGS, ...given };
  if (settings.keepMs < MIN_KEEP_MS) {
    throw new ConfigError(`keepMs (${settings.keepMs}) of Iceberg snapshots is less than ${MIN_KEEP_MS}`, {
      hint: 'a reader would lose its files while it reads them: keep snapshots for longer',
    });
  }
  if (settings.keepMs > settings.intervalMs * MAX_SNAPSHOTS) {
    throw new ConfigError(
      `more than ${MAX_SNAPSHOTS} Iceberg snapshots could be kept: intervalMs is ${settings.intervalMs}, ` +
        `keepMs ${settings.keepMs}`,
      { hint: 'publish less often, or keep snapshots for a shorter time' },
    );
  }
  return settings;
}
