export { bucketBase, placesOf } from './places.ts';
export { parseStorageProfiles, type StorageProfile } from './profiles.ts';
export { type SeedReport, Tenancy } from './tenancy.ts';
