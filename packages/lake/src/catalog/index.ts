export { Catalog, type CatalogSettings, LEASE_MS, MAX_ATTEMPTS } from './catalog.ts';
export type { Publication } from './publish.ts';
export type { ClaimedObject, ClaimOptions, NewRawObject } from './raw-objects.ts';
