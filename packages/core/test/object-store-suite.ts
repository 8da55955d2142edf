/**
 * What every ObjectStore does, sentence by sentence of the port: each adapter calls this from a test of its own.
 * `objectStoreSuite('FileObjectStore', { open: async () => ({ store, close }) })`.
 */
import type { ObjectStore } from '@lakewright/core';
import { afterEach, beforeEach, describe } from 'vitest';
import { bodyTests } from './object-store/bodies.ts';
import { conditionTests } from './object-store/conditions.ts';
import { descriptionTests } from './object-store/descriptions.ts';
import { keyTests } from './object-store/keys.ts';
import { listingTests } from './object-store/listing.ts';
import { readingTests } from './object-store/reading.ts';
import { versionTests } from './object-store/versions.ts';

export interface OpenStore {
  /** Empty, and used by nobody else. */
  readonly store: ObjectStore;
  close(): Promise<void>;
}

/** In what stores differ by design. */
export interface ObjectStoreCapabilities {
  /** Old versions of an object can be read. Default false. */
  readonly versions?: boolean;
  /** Keys that this store cannot have, beside those that no store can. */
  readonly impossibleKeys?: readonly string[];
}

export interface ObjectStoreSuite {
  readonly open: () => Promise<OpenStore>;
  readonly capabilities?: ObjectStoreCapabilities;
}

/** What the groups of tests are given: `store()` is the one of the running test. */
export interface StoreUnderTest {
  readonly store: () => ObjectStore;
  readonly capabilities: Required<ObjectStoreCapabilities>;
}

/** Declares the tests of an ObjectStore under `name`. Every test has a store of its own. */
export function objectStoreSuite(name: string, suite: ObjectStoreSuite): void {
  describe(`${name} is an ObjectStore`, () => {
    let opened: OpenStore;
    beforeEach(async () => {
      opened = await suite.open();
    });
    afterEach(async () => {
      await opened.close();
    });
    const given: StoreUnderTest = {
      store: () => opened.store,
      capabilities: { versions: false, impossibleKeys: [], ...suite.capabilities },
    };
    for (const tests of [
      bodyTests,
      descriptionTests,
      conditionTests,
      readingTests,
      versionTests,
      listingTests,
      keyTests,
    ]) {
      tests(given);
    }
  });
}
