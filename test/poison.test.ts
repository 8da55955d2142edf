import { describe, expect, it } from 'vitest';
import { dropFile } from './support/drop.ts';
import { type LakeProcess, withLake } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

const FILES = 50;
const BAD = 17;

describe('one bad object among fifty', () => {
  it('goes to the dead letters alone and comes back when it is mended', async () => {
    await withLake(async (lake) => {
      for (let file = 0; file < FILES; file++) {
        await dropFile(lake.data, keyOf(file), file === BAD ? '{"msg":"cut o' : contentOf(file));
      }
      await expectBodies(lake, FILES - 1);
      const [letter, ...others] = await waitFor('a dead letter', async () => {
        const letters = await deadLetters(lake);
        return letters.length > 0 ? letters : undefined;
      });
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ key: keyOf(BAD), signal: 'logs' });
      expect(letter.reason).toMatch(/^line 1: not valid JSON/);

      await dropFile(lake.data, keyOf(BAD), contentOf(BAD));
      const replayed = await lake.cli('dlq', 'replay', String(letter.id));
      expect(replayed).toMatchObject({ code: 0 });
      await expectBodies(lake, FILES);
      await waitFor('no dead letter', async () => (await deadLetters(lake)).length === 0);
      await lake.settled();
      expect(await lake.count('select count(*) from logs')).toBe(FILES);
    });
  });
});

interface Letter {
  readonly id: string | number;
  readonly key: string;
  readonly signal: string;
  readonly reason: string;
}

async function deadLetters(lake: LakeProcess): Promise<Letter[]> {
  const { code, stdout, stderr } = await lake.cli('dlq', 'ls', '--json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return (JSON.parse(stdout) as { deadLetters: Letter[] }).deadLetters;
}

function keyOf(file: number): string {
  return `logs-raw/batch/file-${String(file).padStart(2, '0')}.ndjson`;
}

function contentOf(file: number): string {
  return `${JSON.stringify({ ts: new Date().toISOString(), service: 'poison', msg: `body ${file}` })}\n`;
}

async function expectBodies(lake: LakeProcess, count: number): Promise<void> {
  const bodies = await waitFor(`${count} records`, async () => {
    const rows = await lake.rows("select body from logs where service_name = 'poison'");
    return rows.length >= count ? rows.map(({ body }) => body) : undefined;
  });
  const files = Array.from({ length: FILES }, (_, file) => file).filter(
    (file) => count === FILES || file !== BAD,
  );
  expect(bodies.sort()).toEqual(files.map((file) => `body ${file}`).sort());
}
