import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { expectExactlyOnce, type Sent, sendUntil } from './support/load.ts';
import { waitFor } from './support/wait.ts';

/** How often the process is killed under load: a few times here, often in `.ci/run`. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
const SENDERS = 6;
/** The longest time, in ms, that the load, or the next start, runs before the kill. */
const LONGEST = 1500;

describe('kill -9', () => {
  it(`at a random moment under load, ${ROUNDS} times: every acknowledged record is there exactly once`, {
    timeout: 60_000 + ROUNDS * 60_000,
  }, async () => {
    await withDirectory(async (data) => {
      const sent: Sent[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await withLakeToKill(data, async (lake) => {
          await expectExactlyOnce(lake, sent);
          await loadAndKill(lake, round, sent);
        });
        // Every other time it is killed once more while it starts and sets right what was left.
        if (round % 2 === 0) {
          const starting = await LakeProcess.launch({ data });
          await randomMoment();
          await starting.kill();
        }
      }
      await withLakeToKill(data, async (lake) => {
        await expectExactlyOnce(lake, sent);
        expect(await lake.stop()).toBe(0);
      });
      const stored = sent.filter(({ outcome }) => outcome === 'stored');
      expect(stored.length).toBeGreaterThan(ROUNDS * SENDERS);
    });
  });
});

async function withLakeToKill(data: string, work: (lake: LakeProcess) => Promise<void>): Promise<void> {
  const lake = await LakeProcess.start({ data });
  try {
    await work(lake);
  } finally {
    await lake.kill();
  }
}

async function loadAndKill(lake: LakeProcess, round: number, sent: Sent[]): Promise<void> {
  let killed = false;
  const mine: Sent[] = [];
  const senders = Array.from({ length: SENDERS }, (_, sender) =>
    sendUntil(`${round}-${sender}`, lake, () => killed, mine),
  );
  await waitFor('the first acknowledgement', () => mine.some(({ outcome }) => outcome === 'stored'));
  await randomMoment();
  await lake.kill();
  killed = true;
  await Promise.all(senders);
  sent.push(...mine);
}

/** Any time from now to LONGEST ms on. */
async function randomMoment(): Promise<void> {
  const moment = Date.now() + Math.random() * LONGEST;
  await waitFor('the moment', () => Date.now() >= moment);
}
