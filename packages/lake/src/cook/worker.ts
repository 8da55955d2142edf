import { serveJobs } from '../threads/serve.ts';
import type { CookJob, CookResult } from '../types.ts';
import { cook } from './cook.ts';

serveJobs<CookJob, CookResult>({
  work: cook,
  moved: ({ segments }) => segments.map(({ parquet }) => parquet.buffer as ArrayBuffer),
});
