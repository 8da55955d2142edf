import { UnavailableError } from '@lakewright/core';
import { expect, test } from 'vitest';
import { readyReport } from './ready.ts';

const answering = { queue: async () => ({ pending: 5, oldestPendingSeconds: 3600 }) };
const away = {
  queue: async () => {
    throw new UnavailableError('the database is away');
  },
};

test.each([
  ['behind a long queue for ingest', answering, false, true],
  ['being stopped', answering, true, false],
  ['without its database', away, false, false],
  ['not opened yet', undefined, false, false],
])('a service %s', async (_what, catalog, stopping, ready) => {
  expect((await readyReport(catalog, stopping)).ready).toBe(ready);
});
