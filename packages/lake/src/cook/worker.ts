import { serveJobs } from '../threads/serve.ts';
import type { CookJob, CookResult } from '../types.ts';
import { cook, cookMemory } from './cook.ts';

const memory = cookMemory();

serveJobs<CookJob, CookResult>({
  work: (job) => cook(job, memory),
  moved: ({ segments }) => segments.map(({ parquet }) => parquet.buffer as ArrayBuffer),
});
