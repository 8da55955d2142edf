import { ConfigError } from '@lakewright/core';

/** What a container's health command asks, and what operators know. */
export const DEFAULT_HEALTH_PORT = 8090;

/** The port of HEALTH_CHECK_PORT. Throws ConfigError for what is none. */
export function healthPort(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment.HEALTH_CHECK_PORT || String(DEFAULT_HEALTH_PORT);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ConfigError(`HEALTH_CHECK_PORT: ${JSON.stringify(text)} is not a port`, {
    hint: `use a number up to 65535; without it that is ${DEFAULT_HEALTH_PORT}`,
  });
}
