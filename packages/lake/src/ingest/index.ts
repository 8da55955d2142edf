export type { IngestMeans } from './context.ts';
export { runAnnouncer, runDiscovery } from './discovery.ts';
export { IngestInbox } from './inbox.ts';
export { type IngestDependencies, runIngest, runIngestWorker } from './ingest.ts';
export { COOK_THREADS, INGEST_SETTINGS, type IngestSettings } from './settings.ts';
