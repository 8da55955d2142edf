#!/usr/bin/env node
// Plain JavaScript so that whatever Node.js the host has can read it: it hands over to the pinned runtime
// when the host's is too old to run TypeScript sources.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// File writes, syncs, compression and DuckDB's queries share this pool; four threads are too few for all of
// them. It must be set before the pool is first used.
process.env.UV_THREADPOOL_SIZE ??= '16';

const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.ts');

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else {
  const runtime = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
  const child = spawn(runtime, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes. Passed on as SIGTERM, it does not look like a second Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    process.stderr.write(`lakewright: cannot start the pinned Node.js at ${runtime}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
