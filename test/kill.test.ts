import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { PLACES, type Sent, sendUntil } from './support/load.ts';
import { waitFor } from './support/wait.ts';

/** How often the process is killed: a few times here, often in `.ci/run`. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
const SENDERS = 6;
/** The longest time, in ms, that the load runs before the kill. */
const LONGEST = 1500;

describe('kill -9', () => {
  it(`at a random moment under load, ${ROUNDS} times: every acknowledged record is there exactly once`, {
    timeout: 60_000 + ROUNDS * 60_000,
  }, async () => {
    await withDirectory(async (data) => {
      const sent: Sent[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const lake = await LakeProcess.start({ data });
        try {
          await expectExactlyOnce(lake, sent);
          await loadAndKill(lake, round, sent);
        } finally {
          await lake.kill();
        }
      }
      const lake = await LakeProcess.start({ data });
      try {
        await expectExactlyOnce(lake, sent);
      } finally {
        await lake.stop();
      }
      expect(sent.filter(({ acknowledged }) => acknowledged).length).toBeGreaterThan(ROUNDS * SENDERS);
    });
  });
});

async function loadAndKill(lake: LakeProcess, round: number, sent: Sent[]): Promise<void> {
  let killed = false;
  const mine: Sent[] = [];
  const senders = Array.from({ length: SENDERS }, (_, sender) =>
    sendUntil(
      `${round}-${sender}`,
      (signal, body) => lake.post(signal, body),
      () => killed,
      mine,
    ),
  );
  await waitFor('the first acknowledgement', () => mine.some(({ acknowledged }) => acknowledged));
  const moment = Date.now() + Math.random() * LONGEST;
  await waitFor('the moment to kill', () => Date.now() >= moment);
  await lake.kill();
  killed = true;
  await Promise.all(senders);
  sent.push(...mine);
}

/** Asks until all that was acknowledged is there and nothing is left to do; then counts every record. */
async function expectExactlyOnce(lake: LakeProcess, sent: readonly Sent[]): Promise<void> {
  await waitFor(
    'every acknowledged record',
    async () => {
      const stored = await storedRequests(lake);
      return sent.every(({ id, acknowledged }) => !acknowledged || stored.has(id));
    },
    60_000,
  ).catch(() => undefined);
  await lake.settled();
  const stored = await storedRequests(lake);
  const faults = sent.filter((request) => !isRight(request, stored.get(request.id)));
  expect(faults.map((request) => ({ ...request, stored: stored.get(request.id) }))).toEqual([]);
  const known = new Set(sent.map(({ id }) => id));
  expect([...stored.keys()].filter((id) => !known.has(id))).toEqual([]);
}

interface Stored {
  readonly rows: number;
  readonly items: number;
}

/** Acknowledged: each record once. Otherwise the whole request once, or nothing of it. */
function isRight(request: Sent, stored: Stored | undefined): boolean {
  if (stored === undefined) return !request.acknowledged;
  return stored.rows === request.records && stored.items === request.records;
}

async function storedRequests(lake: LakeProcess): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (const { table, attributes, item } of Object.values(PLACES)) {
    const rows = await lake.rows(
      `select ${attributes}['request'] as id, count(*) as "rows", count(distinct ${item}) as items
       from ${table} group by 1`,
    );
    for (const row of rows) {
      stored.set(String(row.id), { rows: Number(row.rows), items: Number(row.items) });
    }
  }
  return stored;
}
