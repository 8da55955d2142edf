import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDirectory } from './support/lake-process.ts';
import { capture, type Finished, NODE, REPOSITORY } from './support/runtime.ts';

const IMAGE = join(REPOSITORY, 'packages/refine/image');

async function node(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Finished> {
  const child = spawn(NODE, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = capture(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

const bundle = (directory: string, ...args: string[]) =>
  node([join(IMAGE, 'bundle.ts'), '--out', directory, ...args], directory);

/** Loads the bundle as Lambda does, from a directory that holds nothing else, and prints what `script` prints. */
async function run(directory: string, script: string): Promise<Finished> {
  const module = "import { handler } from './index.mjs';";
  const env = { REFINER_BUCKET: 'data-repository', AWS_REGION: 'us-east-1' };
  return node(['--input-type=module', '-e', `${module} ${script}`], directory, env);
}

describe('the image of the refiner', () => {
  it('runs one file that needs nothing beside it', async () => {
    await withDirectory(async (directory) => {
      expect(await bundle(directory)).toMatchObject({ code: 0 });
      const event = { Records: [{ messageId: '1', receiptHandle: 'r', body: '{"Event":"s3:TestEvent"}' }] };
      const call = `await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 60000 })`;
      const { code, stdout } = await run(directory, `console.log(JSON.stringify(${call}))`);
      expect(code).toBe(0);
      const [log, answer] = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(log).toMatchObject({ level: 'info', rule: 'Refiner', reason: 'a test event of S3' });
      expect(answer).toEqual({ batchItemFailures: [] });
    });
  });

  it('takes a handler of your own in', async () => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, 'mine.ts'), "export default (): string[] => ['made by mine'];");
      expect(await bundle(directory, '--handler', './mine.ts')).toMatchObject({ code: 0 });
      expect(readFileSync(join(directory, 'index.mjs'), 'utf8')).toContain('made by mine');
    });
  });

  it('says what is missing from its environment', async () => {
    await withDirectory(async (directory) => {
      await bundle(directory);
      const { code, stderr } = await node(['index.mjs'], directory);
      expect(code).not.toBe(0);
      expect(stderr).toContain('REFINER_BUCKET is not set');
    });
  });

  it('copies only what is there', () => {
    const dockerfile = readFileSync(join(IMAGE, 'Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
      sources.split(' '),
    );
    expect(copied.length).toBeGreaterThan(2);
    const ignored = readFileSync(join(IMAGE, 'Dockerfile.dockerignore'), 'utf8');
    for (const source of copied) {
      expect(existsSync(join(REPOSITORY, source)), source).toBe(true);
      expect(ignored).toContain(`!${source}\n`);
    }
    expect(dockerfile).toMatch(
      /^FROM --platform=linux\/\$\{ARCHITECTURE\} public\.ecr\.aws\/lambda\/nodejs:24$/m,
    );
    expect(dockerfile.match(/^ARG ARCHITECTURE/gm)).toHaveLength(1);
    expect(dockerfile).toContain('CMD ["index.handler"]');
  });
});
