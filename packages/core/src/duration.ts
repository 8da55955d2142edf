import { ConfigError } from './errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration as Prometheus and Go write it: `500ms`, `10s`, `1m30s`, `2h`, `1d`.
 * Throws ConfigError naming `what`.
 */
export function parseDuration(text: string, what: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new ConfigError(`${what}: ${JSON.stringify(text)} is not a duration`, {
      hint: 'write it like 500ms, 10s, 1m30s, 2h or 1d',
    });
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit], 0);
}
