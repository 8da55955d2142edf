import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

const CONFIG = `
refine:
  rules:
    - name: Refiner
    - name: Triage
      handler: ./triage.ts
      max_receives: 2
`;

/** A handler as a user writes it: it refuses some objects until somebody mended it. */
const HANDLER = `
import { existsSync } from 'node:fs';
import { join } from 'node:path';
export default async ({ key, body }, put) => {
  if (key.endsWith('bad.txt') && !existsSync(join(import.meta.dirname, 'mended'))) {
    throw new Error('cannot refine Jane Roe');
  }
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return [await put({ body: text.toUpperCase(), extension: '.upper' })];
};
`;

/** Runs `work` with a lake that serves the rules above, from a directory of its own. */
async function withRules(work: (lake: LakeProcess, directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, 'lakewright.yaml'), CONFIG);
    await writeFile(join(directory, 'triage.ts'), HANDLER);
    const lake = await startIn(directory);
    try {
      await work(lake, directory);
    } finally {
      await lake.stop();
    }
  });
}

const startIn = (directory: string) =>
  LakeProcess.start({
    data: join(directory, 'data'),
    args: ['--config', join(directory, 'lakewright.yaml')],
  });

interface Listed {
  readonly rules: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly inFlight: number;
    readonly dead: number;
    readonly deadLetters: readonly {
      readonly keys: string[];
      readonly reason: string;
      readonly receives: number;
    }[];
  }[];
}

async function ls(lake: LakeProcess): Promise<Listed['rules']> {
  return (JSON.parse((await lake.cli('refine', 'ls', '--json')).stdout) as Listed).rules;
}

describe('lakewright refine', () => {
  it('refines what is pushed and prints what came of it', async () => {
    await withDirectory(async (data) => {
      const lake = await LakeProcess.start({ data });
      try {
        const file = join(data, 'helloworld.txt');
        await writeFile(file, 'hello world\n');
        const pushed = await lake.cli('refine', 'push', file);
        expect(pushed).toMatchObject({ code: 0, stdout: 'RefinerInput/helloworld.txt (12 B)\n' });
        const polled = await lake.cli('refine', 'poll', '--once');
        expect(polled.code).toBe(0);
        const lines = polled.stdout.trimEnd().split('\n');
        expect(lines).toEqual([
          'RefinerComplete/helloworld.txt.json',
          expect.stringMatching(/^ {2}RefinerOutput\/[0-9a-f-]{36}\.txt$/),
          'hello world',
          expect.stringMatching(/^ {2}RefinerOutput\/[0-9a-f-]{36}\.txt$/),
          'hello world',
        ]);
        const completion = await readFile(join(data, 'objects', lines[0]), 'utf8');
        expect(JSON.parse(completion)).toEqual([lines[1].trim(), lines[3].trim()]);

        const quiet = await lake.cli('refine', 'poll', '--once', '--quiet');
        expect(quiet.stdout).toContain('(12 B)');
        expect(quiet.stdout).not.toContain('hello world');
        expect(lake.log).not.toContain('hello world');
        expect(lake.log).toContain(lines[1].trim());

        const later = await lake.cli(
          'refine',
          'poll',
          '--once',
          '--timeout',
          '1s',
          '--since',
          '2999-01-01T00:00:00Z',
        );
        expect(later.code).toBe(1);
        expect(later.stderr).toMatch(
          /^no completion .* yet: waiting for up to 1\.0 s\nno completion .* in time\n/,
        );
        expect(await lake.cli('refine', 'e2e')).toMatchObject({ code: 0 });
      } finally {
        await lake.stop();
      }
    });
  });

  it('fails a poll whose completion names what is not there, and prints the others', async () => {
    await withRules(async (lake, directory) => {
      const objects = join(directory, 'data/objects');
      await mkdir(join(objects, 'RefinerComplete'), { recursive: true });
      await writeFile(join(objects, 'RefinerComplete/a.json'), '["/RefinerOutput/gone.txt"]');
      await writeFile(join(objects, 'RefinerComplete/b.json'), 'not JSON');
      await mkdir(join(objects, 'RefinerOutput'), { recursive: true });
      await writeFile(join(objects, 'RefinerOutput/there.txt'), 'there\n');
      await writeFile(join(objects, 'RefinerComplete/c.json'), '["/RefinerOutput/there.txt"]');
      const polled = await lake.cli('refine', 'poll', '--once', '--rule', 'Refiner');
      expect(polled.code).toBe(1);
      expect(polled.stdout).toContain('there\n');
      expect(polled.stderr).toMatch(/RefinerComplete\/a.json: .*RefinerOutput\/gone.txt/);
      expect(polled.stderr).toMatch(/RefinerComplete\/b.json: .*is not JSON/);
    });
  });

  it('serves several rules, buries what cannot be refined, and redrives it when that is mended', async () => {
    await withRules(async (lake, directory) => {
      const file = join(directory, 'a.txt');
      await writeFile(file, 'Jane Roe');
      expect(await lake.cli('refine', 'push', file)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/which rule/),
      });
      for (const key of ['ok.txt', 'deep/bad.txt', 'deep/ok.txt']) {
        expect(await lake.cli('refine', 'push', file, '--rule', 'Triage', '--key', key)).toMatchObject({
          code: 0,
        });
      }
      const triage = await waitFor('the dead letter', async () =>
        (await ls(lake)).find(({ dead }) => dead === 1),
      );
      expect(triage).toMatchObject({
        name: 'Triage',
        waiting: 0,
        inFlight: 0,
        deadLetters: [
          {
            keys: ['TriageInput/deep/bad.txt'],
            receives: 2,
            reason: expect.stringMatching(/^Error at triage\.ts:/),
          },
        ],
      });
      const polled = await lake.cli('refine', 'poll', '--once', '--rule', 'Triage');
      expect(polled.stdout.match(/JANE ROE/g)).toHaveLength(2);

      await writeFile(join(directory, 'mended'), '');
      expect(await lake.cli('refine', 'redrive', '--rule', 'Triage')).toMatchObject({
        code: 0,
        stdout: '1 dead letter waits to be processed again\n',
      });
      await waitFor('the third completion', async () => {
        const { stdout } = await lake.cli('refine', 'poll', '--once', '--rule', 'Triage');
        return stdout.includes('TriageComplete/deep/bad.txt.json');
      });
      expect((await ls(lake)).map(({ dead }) => dead)).toEqual([0, 0]);
      expect(lake.log).not.toMatch(/Jane|JANE/);
    });
  });

  it('survives handlers that forget a promise, and ends though they hold something open', async () => {
    await withDirectory(async (directory) => {
      await writeFile(
        join(directory, 'lakewright.yaml'),
        'refine: {rules: [{name: Slip, handler: ./slip.ts}]}',
      );
      await writeFile(
        join(directory, 'slip.ts'),
        `setInterval(() => undefined, 1000);
         export default async ({ body }, put) => {
           void (async () => JSON.parse('Jane Roe'))();
           return [await put({ body })];
         };`,
      );
      const lake = await startIn(directory);
      const file = join(directory, 'a.txt');
      await writeFile(file, 'hello');
      await lake.cli('refine', 'push', file);
      expect((await lake.cli('refine', 'poll', '--once')).code).toBe(0);
      expect(await lake.stop()).toBe(0);
      expect(lake.log).toMatch(/nobody waited for.*SyntaxError at slip\.ts/);
      expect(lake.log).not.toContain('Jane');
    });
  });

  it('refuses keys that lead elsewhere, and settings that could not hold', async () => {
    await withRules(async (lake, directory) => {
      const file = join(directory, 'a.txt');
      await writeFile(file, 'hello');
      const push = (...args: string[]) => lake.cli('refine', 'push', file, '--rule', 'Refiner', ...args);
      for (const key of ['../../Triage/input/a.txt', 'a//b', './a']) {
        const pushed = await push('--key', key);
        expect(pushed).toMatchObject({ code: 1, stderr: expect.stringMatching(/no path of an object/) });
      }
      expect(await push('--config', 'none.yaml')).toMatchObject({ code: 2 });
      expect(await lake.cli('refine', 'poll', '--since', '10')).toMatchObject({ code: 2 });
      const tfvars = await lake.cli('refine', 'tfvars', '--config', join(directory, 'lakewright.yaml'));
      expect(Object.keys(JSON.parse(tfvars.stdout) as object)).toEqual(['refiners']);
    });
  });

  it('takes up after a kill what was dropped by hand', async () => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, 'lakewright.yaml'), 'refine:\n  rules:\n    - name: Refiner\n');
      const lake = await startIn(directory);
      const folder = join(directory, 'data/objects/RefinerInput');
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < 50; i++) await writeFile(join(folder, `${i}.txt`), `object ${i}`);
      await lake.kill();
      const again = await startIn(directory);
      try {
        const completions = join(directory, 'data/objects/RefinerComplete');
        const files = await waitFor('50 completions', async () => {
          const found = await readdir(completions);
          return found.length === 50 && found;
        });
        for (const file of files) {
          expect(JSON.parse(await readFile(join(completions, file), 'utf8'))).toHaveLength(2);
        }
      } finally {
        await again.stop();
      }
    });
  });
});
