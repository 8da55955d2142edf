export { processDirectory } from './directory.ts';
export { CACHE_LIMITS, type CacheLimits } from './limits.ts';
export { localFiles } from './local-files.ts';
export { type RemoteFilesOptions, remoteFiles } from './remote-files.ts';
export type { OpenFiles, SegmentFiles, WantedSegments } from './segment-files.ts';
