import { joinedStore, silentLogger, systemClock, UnavailableError } from '@lakewright/core';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { describeEmbedded, temporaryStore } from '../../../local/test/adapters.ts';
import { FailingStore } from '../../test/fakes.ts';
import { ORGANIZATION, OTHER_ORGANIZATION, rawObject } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { LivePlaces } from '../live-places.ts';
import { Places } from '../places.ts';
import { runDiscovery } from './discovery.ts';

const HOUR_MS = 3_600_000;
const ACME = { base: 's3://acme/', organizations: new Set([ORGANIZATION]), dropsBelongTo: ORGANIZATION };
const BETA = {
  ...{ base: 's3://beta/', organizations: new Set([OTHER_ORGANIZATION]) },
  dropsBelongTo: OTHER_ORGANIZATION,
};
const placesOf = (...places: (typeof ACME)[]) =>
  new Places(places, new Map(places.map(({ base, dropsBelongTo }) => [dropsBelongTo, base])));
const keyOf = ({ base, dropsBelongTo }: typeof ACME, name: string) =>
  base + rawObject(name, 0).key.replace(ORGANIZATION, dropsBelongTo);

describeEmbedded('discovery in buckets', (empty) => {
  let catalog: Catalog;
  let store: FailingStore;
  let places: LivePlaces;
  let ending: (() => Promise<void>)[];

  beforeEach(async () => {
    catalog = await Catalog.open(await empty(), systemClock);
    const [acme, beta] = [await temporaryStore(), await temporaryStore()];
    const parts = new Map([
      [ACME.base, acme.store],
      [BETA.base, beta.store],
    ]);
    store = new FailingStore(joinedStore(parts));
    places = new LivePlaces(placesOf(ACME));
    ending = [acme.remove, beta.remove];
  });
  afterEach(async () => {
    for (const end of ending.reverse()) await end();
  });

  function start(): void {
    const stop = new AbortController();
    const listing = { dropListingMs: 5, recentListingMs: 5, fullListingMs: HOUR_MS, settleMs: 0 };
    const running = runDiscovery(
      {
        ...{ store, places, catalog, clock: systemClock, logger: silentLogger, metrics: new Registry() },
        settings: { owner: 'test', backoffMs: 5, maxBackoffMs: 20, ...listing },
      },
      stop.signal,
    );
    ending.push(() => {
      stop.abort();
      return running;
    });
  }

  const found = (organization: string, count: number) =>
    waitFor(`${count} raw objects of ${organization}`, async () => {
      return (await catalog.status(organization)).rawObjects.pending === count;
    });

  it('lists a bucket that is added as a whole, and one that is gone no more', async () => {
    await store.put(keyOf(ACME, 'a'), new Uint8Array(1));
    await store.put(keyOf(BETA, 'b'), new Uint8Array(1));
    await store.put(`${BETA.base}logs-raw/b.csv`, new Uint8Array(1));
    start();
    await found(ORGANIZATION, 1);
    places.become(placesOf(ACME, BETA));
    await found(OTHER_ORGANIZATION, 2);
    places.become(placesOf(BETA));
    const listed: string[] = [];
    store.fault = (operation, key) => {
      if (operation === 'list') listed.push(key);
      return undefined;
    };
    // A listing that is under way may still be of the bucket that is gone.
    await waitFor('listings of both kinds to begin anew', () => listed.length > 12);
    expect(listed.slice(12).filter((key) => key.startsWith(ACME.base))).toEqual([]);
  });

  it('lists a bucket again as a whole when another organization may have objects there', async () => {
    await store.put(keyOf(ACME, 'a'), new Uint8Array(1));
    await store.put(keyOf({ ...BETA, base: ACME.base }, 'b'), new Uint8Array(1));
    start();
    await found(ORGANIZATION, 1);
    const both = { ...ACME, organizations: new Set([ORGANIZATION, OTHER_ORGANIZATION]) };
    places.become(
      new Places([both], new Map([ORGANIZATION, OTHER_ORGANIZATION].map((id) => [id, ACME.base]))),
    );
    await found(OTHER_ORGANIZATION, 1);
  });

  it('finds what is in one bucket though another cannot be listed', async () => {
    places.become(placesOf(ACME, BETA));
    store.fault = (operation, key) =>
      operation === 'list' && key.startsWith(ACME.base) ? new UnavailableError('no such bucket') : undefined;
    await store.put(keyOf(BETA, 'b'), new Uint8Array(1));
    await store.put(`${BETA.base}logs-raw/b.csv`, new Uint8Array(1));
    start();
    await found(OTHER_ORGANIZATION, 2);
    expect((await catalog.status(ORGANIZATION)).rawObjects.pending).toBe(0);
  });
});
