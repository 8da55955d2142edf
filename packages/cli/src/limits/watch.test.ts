import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@lakewright/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { loadConfig } from '../config.ts';
import { type WatchedLimits, watchLimits } from './watch.ts';

const ONE = '12340000-0000-4000-8000-000000000000';
let directory: string;
let file: string;
let watched: WatchedLimits | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lakewright-limits-'));
  file = join(directory, 'lakewright.yaml');
});
afterEach(async () => {
  await watched?.close();
  await rm(directory, { recursive: true, force: true });
});

/** As editors and configuration tools do it: never half a file. */
async function replace(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('watchLimits', () => {
  it('follows the file, and keeps what it had while the file makes no sense', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
    await replace('limits: { default: { query: off } }');
    watched = watchLimits(await loadConfig(file), logger, 5);
    const { limits } = watched;
    expect(limits.of(ONE)).toMatchObject({ ingest: true, query: false });
    await replace(`limits: { organizations: { ${ONE}: { ingest: off, reason: why } } }`);
    await waitFor('the switch', () => !limits.of(ONE).ingest);
    expect(limits.of(ONE).query).toBe(true);
    expect(limits.where(ONE, 'ingest')).toBe(`limits.organizations.${ONE}.ingest of lakewright.yaml`);
    expect(limits.reason(ONE)).toBe('why');
    await replace('limits: { default: { ingest: perhaps } }');
    await waitFor('a remark', () => lines.some((line) => line.includes('stay as they were')));
    expect(limits.of(ONE).ingest).toBe(false);
    await rm(file);
    await waitFor('another remark', () => lines.filter((line) => line.includes('stay')).length >= 2);
    expect(limits.of(ONE).ingest).toBe(false);
    await replace('limits: {}');
    await waitFor('the switch back', () => limits.of(ONE).ingest);
    await waitFor('a remark on it', () => lines.some((line) => line.includes('read again')));
  });

  it('takes no half-written file for what was meant', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
    const off = 'limits: { default: { ingest: off } }';
    await replace(off);
    // Another process that writes in place: the file is empty for a moment, and each look may come at such a one.
    let looks = 0;
    const read = async () => (looks++ % 2 === 0 ? '' : off);
    watched = watchLimits(await loadConfig(file), logger, 1, read);
    const { limits } = watched;
    const seen: boolean[] = [];
    await waitFor('twenty looks', () => {
      seen.push(limits.of(ONE).ingest);
      return looks >= 20;
    });
    expect(new Set(seen)).toEqual(new Set([false]));
  });
});
