export { ICEBERG_PREFIX } from './keys.ts';
export type { UriOf } from './manifests.ts';
export type { PublishedTable } from './publish-table.ts';
export { type IcebergDependencies, IcebergPublisher } from './publisher.ts';
export { runIceberg } from './run.ts';
export { ICEBERG_SETTINGS, type IcebergSettings } from './settings.ts';
export { createIcebergTables, type IcebergTables, type LoadedTable } from './tables.ts';
