import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { expectExactlyOnce, type Sent, send, sendUntil } from './support/load.ts';
import { SmallDisk } from './support/small-disk.ts';
import { waitFor } from './support/wait.ts';

/** Room for a fresh catalog and a little telemetry. */
const SIZE = '192m';
const SENDERS = 3;

const trial = await SmallDisk.mount(tmpdir(), '1m');
const reason = typeof trial === 'string' ? trial : '';
if (typeof trial !== 'string') await trial.close();
const skipped = reason === '' ? '' : ` (skipped: ${reason})`;

describe.skipIf(reason !== '')(`a full disk${skipped}`, () => {
  it('is answered 503, shows nothing half, and is recovered from without help', {
    timeout: 180_000,
  }, async () => {
    await withSmallDisk(async (disk, data) => {
      const sent: Sent[] = [];
      const lake = await LakeProcess.start({ data, wrapper: disk.wrapper });
      try {
        for (const round of ['first', 'second']) await fillUnderLoad(lake, disk, round, sent);
        await expectExactlyOnce(lake, sent);
        expect(lake.ended).toBe(false);
        expect(await lake.stop()).toBe(0);
      } catch (error) {
        process.stderr.write(`${lake.log}\n`);
        throw error;
      } finally {
        await lake.kill();
      }
    });
  });

  it.each(['kill', 'stop'] as const)(
    'and %s while it is full: what was acknowledged is there when there is room again',
    { timeout: 180_000 },
    async (end) => {
      await withSmallDisk(async (disk, data) => {
        const sent: Sent[] = [];
        const first = await LakeProcess.start({ data, wrapper: disk.wrapper });
        try {
          await untilRefused(first, disk, end, sent);
        } finally {
          await first[end]();
          await first.kill();
        }
        await disk.relieve();
        const second = await LakeProcess.start({ data, wrapper: disk.wrapper });
        try {
          await expectExactlyOnce(second, sent);
        } catch (error) {
          process.stderr.write(`${first.log}\n${second.log}\n`);
          throw error;
        } finally {
          await second.kill();
        }
      });
    },
  );
});

async function withSmallDisk(work: (disk: SmallDisk, data: string) => Promise<void>): Promise<void> {
  await withDirectory(async (data) => {
    const disk = await SmallDisk.mount(data, SIZE);
    if (typeof disk === 'string') throw new Error(disk);
    try {
      await work(disk, data);
    } finally {
      await disk.close();
    }
  });
}

/** Fills the disk under load, sees 503s and answers to questions, makes room, sees 200s again. */
async function fillUnderLoad(lake: LakeProcess, disk: SmallDisk, round: string, sent: Sent[]): Promise<void> {
  await untilRefused(lake, disk, round, sent);
  const refused: Sent = { id: `${round}-refused`, signal: 'logs', records: 20, outcome: 'unknown' };
  sent.push(refused);
  const response = await send(lake, refused);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await lake.count('select count(*) from logs')).toBeGreaterThan(0);

  await disk.relieve();
  await waitFor('200 again', async () => {
    const again: Sent = {
      id: `${round}-again-${sent.length}`,
      signal: 'logs',
      records: 5,
      outcome: 'unknown',
    };
    sent.push(again);
    return (await send(lake, again)).status === 200;
  });
}

/** Sends from several senders at once while the disk fills up, until all that is sent is refused. */
async function untilRefused(lake: LakeProcess, disk: SmallDisk, name: string, sent: Sent[]): Promise<void> {
  let stopped = false;
  const mine: Sent[] = [];
  const senders = Array.from({ length: SENDERS }, (_, sender) =>
    sendUntil(`${name}-${sender}`, lake, () => stopped, mine),
  );
  await waitFor(
    'records that can be asked for',
    async () => (await lake.count('select count(*) from logs')) > 0,
  );
  await disk.fill();
  const atFull = mine.length;
  await waitFor(
    'refusals',
    () => mine.slice(atFull).filter(({ outcome }) => outcome === 'refused').length > 20,
  );
  stopped = true;
  await Promise.all(senders);
  sent.push(...mine);
}
