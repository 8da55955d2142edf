const DAY_MS = 86_400_000;

/** The UTC day of a time in milliseconds since the epoch, in days since 1970-01-01. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
