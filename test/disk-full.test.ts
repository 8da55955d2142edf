import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type LakeProcess, withLake } from './support/lake-process.ts';
import { numberedRequest, PLACES, type Sent } from './support/load.ts';
import { waitFor } from './support/wait.ts';

/** Room for a fresh catalog and a little telemetry. */
const DISK = '160m';
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** A command that runs another one on a small disk of its own, which goes away with it. */
function smallDisk(): { wrapper?: (data: string) => string[]; reason: string } {
  if (process.platform !== 'linux') return { reason: 'small disks are made with Linux mount namespaces' };
  const unshare =
    process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user'];
  const script = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@"`;
  const [command, ...args] = [...unshare, 'sh', '-c', script, '/mnt', 'true'];
  const tried = spawnSync(command, args, { encoding: 'utf8' });
  if (tried.status !== 0) return { reason: `no mount namespace: ${tried.stderr || tried.error?.message}` };
  return { wrapper: (data) => [...unshare, 'sh', '-c', script, data], reason: '' };
}

const disk = smallDisk();

describe('a full disk', () => {
  const name = 'is answered 503, shows nothing half, and is recovered from without help';
  const skipped = disk.reason === '' ? '' : ` (skipped: ${disk.reason.trim()})`;
  it.skipIf(skipped !== '')(`${name}${skipped}`, { timeout: 180_000 }, async () => {
    await withLake(
      async (lake) => {
        const sent: Sent[] = [];
        expect(await send(lake, sent)).toBe(200);
        await expectStored(lake, sent);

        // The lake's own view of its disk: the mount is in its namespace only.
        const ballast = `/proc/${lake.pid}/root${lake.data}/ballast`;
        await fill(ballast);
        const response = await waitFor('503', async () => {
          const answer = await post(lake, sent);
          return answer.status === 503 ? answer : undefined;
        });
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await lake.count('select count(*) from logs')).toBeGreaterThanOrEqual(1);

        await rm(ballast);
        await waitFor('200 again', async () => (await send(lake, sent)) === 200, 60_000);
        await expectStored(lake, sent);
        expect(lake.ended).toBe(false);
      },
      { wrapper: disk.wrapper },
    );
  });
});

async function post(lake: LakeProcess, sent: Sent[]): Promise<Response> {
  const request: Sent = { id: `full-${sent.length}`, signal: 'logs', records: 200, acknowledged: false };
  sent.push(request);
  const response = await lake.post('logs', numberedRequest(request));
  await response.text();
  request.acknowledged = response.status === 200;
  return response;
}

async function send(lake: LakeProcess, sent: Sent[]): Promise<number> {
  return (await post(lake, sent)).status;
}

/** Writes until the disk takes no more. */
async function fill(path: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(path, CHUNK, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

async function expectStored(lake: LakeProcess, sent: readonly Sent[]): Promise<void> {
  const { table, attributes } = PLACES.logs;
  const expected = sent
    .filter(({ acknowledged }) => acknowledged)
    .map(({ id, records }) => ({ id, n: records }));
  const read = async () =>
    (await lake.rows(`select ${attributes}['request'] as id, count(*) as n from ${table} group by 1`)).map(
      ({ id, n }) => ({ id, n: Number(n) }),
    );
  await waitFor('what was acknowledged', async () => (await read()).length >= expected.length, 60_000);
  await lake.settled(60_000);
  const byId = (a: { id: unknown }, b: { id: unknown }) => String(a.id).localeCompare(String(b.id));
  expect((await read()).sort(byId)).toEqual(expected.sort(byId));
}
