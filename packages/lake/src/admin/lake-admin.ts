import { NotFoundError, type ObjectStore } from '@lakewright/core';
import type { Catalog } from '../catalog/index.ts';
import { ONE_PLACE, type Places } from '../places.ts';
import { describeRaw } from '../raw/describe.ts';
import type { Sweeper } from '../sweep/index.ts';
import type { DeadLetter, LakeAdmin, ReplayOutcome } from '../types.ts';

/** What operators may ask, over a catalog and the store of its objects. */
export function createLakeAdmin(options: {
  catalog: Catalog;
  store: ObjectStore;
  /** One data directory unless said otherwise. */
  places?: Places;
  sweeper: Sweeper;
}): LakeAdmin {
  const { catalog, store, places = ONE_PLACE, sweeper } = options;
  return {
    services: (organization) => catalog.services(organization),
    status: (organization) => catalog.status(organization),
    deadLetters: (organization) => catalog.deadLetters(organization),
    deadLetter: (organization, id): Promise<DeadLetter | undefined> => catalog.deadLetter(organization, id),
    replay: (organization, id) => replay({ catalog, store, places }, organization, id),
    sweep: (organization, { dryRun }) => sweeper.sweep({ organization, dryRun }),
  };
}

/** Throws NotFoundError when the organization has no such dead letter (any more). */
async function replay(
  { catalog, store, places }: { catalog: Catalog; store: ObjectStore; places: Places },
  organization: string,
  id: bigint,
): Promise<ReplayOutcome> {
  const dead = await catalog.deadLetter(organization, id);
  if (dead === undefined) {
    throw new NotFoundError(`no dead letter ${id}`, { hint: 'lakewright dlq ls shows them' });
  }
  const info = await store.head(dead.key);
  if (info === undefined) return 'missing';
  if (info.etag === dead.etag) {
    await catalog.revive(id);
    return 'queued';
  }
  const object = describeRaw(info, places);
  if (object === undefined) return 'missing';
  await catalog.supersede(id, object);
  return 'superseded';
}
