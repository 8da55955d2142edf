import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Moto, startMoto } from './support/moto.ts';
import { capture, type Finished, REPOSITORY } from './support/runtime.ts';
import { blocksOf } from './support/shell-blocks.ts';

/** What a page says to run, in one shell, in the root of the repository, until something fails. */
async function follow(page: string, moto: Moto): Promise<Finished> {
  const blocks = blocksOf(readFileSync(join(REPOSITORY, page), 'utf8'));
  const script = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script.join('\n')], {
    cwd: REPOSITORY,
    env: { ...process.env, ...moto.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = capture(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

describe('the stacks by hand', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto({ MOTO_STACK_SECONDS: '0' });
  });
  afterAll(() => moto?.stop());

  it('are made, changed and removed by the very commands of the guide', async () => {
    const { code, stdout, stderr } = await follow('docs/aws/cloudformation.md', moto);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/"StackId"/g)).toHaveLength(7);
  });
});
