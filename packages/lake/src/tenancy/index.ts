export { assertNothingLost, type LostBucket } from './losses.ts';
export { bucketBase, placesOf } from './places.ts';
export { howOf, parseStorageProfiles, type StorageProfile } from './profiles.ts';
export { type SeedReport, Tenancy } from './tenancy.ts';
