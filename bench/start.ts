import { LakeProcess, withDirectory } from '../test/support/lake-process.ts';
import { residentMb } from './process-memory.ts';
import { median, option } from './support.ts';

/** From the command to ready, on a fresh data directory and on one that was used: `npm run bench -- start`. */
const fresh: number[] = [];
const again: number[] = [];
let memory = 0;
for (let i = 0; i < option('runs', 5); i++) {
  await withDirectory(async (data) => {
    for (const times of [fresh, again]) {
      const start = performance.now();
      const lake = await LakeProcess.start({ data });
      times.push((performance.now() - start) / 1000);
      memory = residentMb(lake.pid).now;
      await lake.stop();
    }
  });
}
const line = (name: string, times: readonly number[]) =>
  `${name.padEnd(18)} median ${median(times).toFixed(2)} s (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)})\n`;
process.stdout.write(line('fresh directory', fresh) + line('used directory', again));
process.stdout.write(`resident when ready, idle: ${memory.toFixed(0)} MB\n`);
