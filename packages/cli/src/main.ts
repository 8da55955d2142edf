import { endAtSignals } from './first-process.ts';
import { run } from './program.ts';
import { processTerminal } from './terminal.ts';

// A reader that goes away (`lakewright query sql ... | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// The first process of a container has to end itself.
if (process.pid === 1) endAtSignals();

const code = await run(process.argv.slice(2), processTerminal(), process.env);
// A handler may hold something open, a timer or a connection: what is written is written out, and that is the end.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
process.exit(code);
