import { describe, expect, it } from 'vitest';
import { MAX_WAIT_SECONDS, readiness } from './readiness.ts';

describe('readiness', () => {
  it.each([
    ['nothing waits', { pending: 0, oldestPendingSeconds: 0 }, false, undefined],
    [
      'much waits, but not for long',
      { pending: 900, oldestPendingSeconds: MAX_WAIT_SECONDS },
      false,
      undefined,
    ],
    ['one object waits too long', { pending: 1, oldestPendingSeconds: 61.4 }, false, 'ingest'],
    ['the catalog does not answer', { error: 'the database is away' }, false, 'catalog'],
    ['it is stopping', { pending: 0, oldestPendingSeconds: 0 }, true, 'process'],
  ] as const)('%s', (_, queue, stopping, missing) => {
    const { ready, parts } = readiness(queue, stopping);
    expect(ready).toBe(missing === undefined);
    const notReady = Object.entries(parts).filter(([, part]) => !part.ready);
    expect(notReady.map(([name]) => name)).toEqual(missing === undefined ? [] : [missing]);
  });

  it('says what waits and why it is not ready', () => {
    const late = readiness({ pending: 3, oldestPendingSeconds: 75.2 }, false);
    expect(late.parts.ingest.detail).toBe('3 raw objects wait, the oldest for 75 s');
    expect(readiness({ error: 'away' }, false).parts.catalog.detail).toBe('away');
  });
});
