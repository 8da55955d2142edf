import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectorySyncer } from './directories.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakewright-directories-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('DirectorySyncer', () => {
  it('gives those who ask meanwhile one sync that begins after they asked', async () => {
    const syncer = new DirectorySyncer();
    const first = syncer.sync(directory);
    const order: string[] = [];
    const others = [1, 2, 3].map(() => syncer.sync(directory));
    expect(new Set([first, ...others]).size).toBe(2);
    void first.then(() => order.push('first'));
    await Promise.all(others.map((other) => other.then(() => order.push('other'))));
    expect(order).toEqual(['first', 'other', 'other', 'other']);
    await writeFile(path.join(directory, 'a'), '');
    expect(syncer.sync(directory)).not.toBe(others[0]);
  });

  it('fails those whose directory is gone, and nobody after it is there again', async () => {
    const syncer = new DirectorySyncer();
    const missing = path.join(directory, 'missing');
    const failing = [syncer.sync(missing), syncer.sync(missing)];
    for (const each of failing) await expect(each).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(missing, '');
    await syncer.sync(missing);
  });
});
