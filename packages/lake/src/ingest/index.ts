export { IngestInbox } from './inbox.ts';
export { type IngestDependencies, runIngest } from './ingest.ts';
export { INGEST_SETTINGS, type IngestSettings } from './settings.ts';
