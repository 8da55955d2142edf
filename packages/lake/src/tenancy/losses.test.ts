import { ConfigError, systemClock } from '@lakewright/core';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { ORGANIZATION, OTHER_ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { segmentKey } from '../segment-keys.ts';
import { assertNothingLost } from './losses.ts';

const DAY_NS = 86_400_000_000_000n;

describeDatabases('buckets that organizations are to lose', (empty) => {
  let catalog: Catalog;
  beforeEach(async () => {
    catalog = await Catalog.open(await empty(), systemClock);
  });

  /** A raw object of the organization in bucket acme, and of the next one in a bucket whose name begins with it. */
  async function announce(): Promise<void> {
    const raw = rawObject('raw', Date.now() - 60_000);
    await catalog.announce([
      { ...raw, key: `s3://acme/${raw.key}` },
      { ...raw, key: `s3://acme-2/${raw.key}` },
    ]);
  }

  /** Ingests everything into one segment in bucket acme. */
  async function ingest(): Promise<void> {
    const claimed = await catalog.claim({
      ...{ owner: 'ingest', maxBytes: 1e9, maxObjects: 100, ripeBytes: 0 },
      ripeBeforeMs: Date.now(),
    });
    const segmentId = 'a'.repeat(32);
    await catalog.publish({
      owner: 'ingest',
      inputs: claimed.map(({ id }) => ({ id, records: 1, rejected: 0, reasons: [] })),
      segments: [
        {
          ...{ organization: ORGANIZATION, table: 'logs', segmentId, rows: 1, bytes: 1, services: [] },
          ...{ minTimeNs: DAY_NS, maxTimeNs: DAY_NS, lastSeenNs: [] },
          key: segmentKey(ORGANIZATION, 'logs', DAY_NS, segmentId, 's3://acme/'),
        },
      ],
    });
  }

  const lost = (organization: string, bucket: string) =>
    assertNothingLost(catalog, [{ organization, bucket }]);

  it('are refused while raw objects wait there, and while there are segments', async () => {
    await lost(ORGANIZATION, 'acme');
    await announce();
    const waiting = lost(ORGANIZATION, 'acme');
    await expect(waiting).rejects.toThrow(ConfigError);
    await expect(waiting).rejects.toThrow(
      `organization ${ORGANIZATION} still has 1 raw object that is not ingested in bucket acme`,
    );
    await ingest();
    await expect(lost(ORGANIZATION, 'acme')).rejects.toThrow(
      `organization ${ORGANIZATION} still has 1 segment in bucket acme`,
    );
    // Nothing but what is done is left there.
    await lost(ORGANIZATION, 'acme-2');
  });

  it('are not refused for what others have there, and are all named at once', async () => {
    await announce();
    await lost(OTHER_ORGANIZATION, 'acme');
    const both = ['acme', 'acme-2'].map((bucket) => ({ organization: ORGANIZATION, bucket }));
    await expect(assertNothingLost(catalog, both)).rejects.toThrow(
      /bucket acme; organization .* bucket acme-2/,
    );
  });
});
