import { spawnSync } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { LakeProcess, withDirectory } from '../test/support/lake-process.ts';
import { loadClient } from './load-client.ts';
import { residentMb } from './process-memory.ts';
import { option, thousands } from './support.ts';

/**
 * Objects through the hello-world handler: `npm run bench -- refine [--objects N] [--bytes N] [--large-mb N]`.
 * First small objects through the whole product, pushed over HTTP, until the last completion is there; then
 * one big object through the handler in a process of its own.
 */
const objects = option('objects', 10_000);
const bytes = option('bytes', 1000);
const largeMb = option('large-mb', 1024);
const AT_ONCE = 32;

await withDirectory(async (data) => {
  const lake = await LakeProcess.start({ data, args: ['--log-level', 'warn'] });
  try {
    await small(lake);
  } finally {
    await lake.stop();
  }
});
await withDirectory(large);

async function small(lake: LakeProcess): Promise<void> {
  const body = Buffer.alloc(bytes, 'hello world\n');
  const client = loadClient(lake.queryUrl, AT_ONCE);
  const start = performance.now();
  let next = 0;
  const push = async () => {
    for (let i = next++; i < objects; i = next++) {
      const path = `/api/v1/refine/rules/Refiner/input/${i % 100}/${i}.txt`;
      const { status, body: text } = await client.put(path, body, 'text/plain');
      if (status !== 201) throw new Error(`${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, push));
  const pushedMs = performance.now() - start;
  while ((await completed(lake)) < objects) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - start) / 1000;
  client.close();
  process.stdout.write(
    `${thousands(objects)} objects of ${bytes} bytes: ${thousands(objects / seconds)} objects/s pushed, copied twice and ` +
      `completed (pushing alone ${thousands((objects / pushedMs) * 1000)}/s), ` +
      `${((objects * bytes) / seconds / 1e6).toFixed(2)} MB/s in, ${residentMb(lake.pid).peak.toFixed(0)} MB peak of the whole lake\n`,
  );
}

async function completed(lake: LakeProcess): Promise<number> {
  const text = await (await fetch(`${lake.queryUrl}/metrics`)).text();
  const line = /^lakewright_refine_objects_total\{rule="Refiner",outcome="completed"\} (\d+)$/m.exec(text);
  return Number(line?.[1] ?? 0);
}

async function large(directory: string): Promise<void> {
  const folder = join(directory, 'RefinerInput');
  await mkdir(folder, { recursive: true });
  const file = await open(join(folder, 'large.bin'), 'w');
  const chunk = Buffer.alloc(1024 * 1024, 'hello world\n');
  for (let i = 0; i < largeMb; i++) await file.write(chunk);
  await file.close();
  // As the image runs it: one file of plain JavaScript. Stripping types at the start takes 20 MB of its own.
  const bundle = join(directory, '.bench', 'refine-large.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./refine-large.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@electric-sql/pglite'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const { status } = spawnSync(process.execPath, [bundle, directory], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the big object did not get through');
}
