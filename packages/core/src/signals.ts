/** The three OTLP signals that the lake stores. */
export const SIGNALS = ['logs', 'traces', 'metrics'] as const;
export type Signal = (typeof SIGNALS)[number];

export function isSignal(text: string): text is Signal {
  return (SIGNALS as readonly string[]).includes(text);
}

/** The organization that serves a machine on which no API keys are configured. */
export const DEFAULT_ORGANIZATION = '12340000-0000-4000-8000-000000000000';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` is a UUID in its canonical lower-case form, as organizations are named. */
export function isOrganization(text: string): boolean {
  return UUID.test(text);
}
