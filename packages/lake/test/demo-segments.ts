import { createDemo } from '@lakewright/otlp';
import { type CookedSegment, cook } from '../src/index.ts';
import { input, ORGANIZATION } from './cooking.ts';

/** Segments of the demo's logs, `records` rows each, of the organization that the tests have. */
export function demoLogs(count: number, records: number): CookedSegment[] {
  const demo = createDemo({ seed: 1, startNs: 1_760_000_000_000_000_000n, rate: 1000 });
  return Array.from({ length: count }, (_, i) => {
    const inputs = [input('logs', demo.logsRequest(records).body, String(i))];
    return cook({ organization: ORGANIZATION, signal: 'logs', inputs }).segments[0];
  });
}
