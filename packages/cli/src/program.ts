import { LakewrightError, messageOf } from '@lakewright/core';
import { Command, CommanderError, Option } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import { httpUrl } from './arguments.ts';
import { addAws } from './commands/aws/index.ts';
import { addConnect } from './commands/connect.ts';
import { addDemo } from './commands/demo.ts';
import { addDeadLetters } from './commands/dlq.ts';
import { addIceberg } from './commands/iceberg.ts';
import { addQuery } from './commands/query.ts';
import { addRefine } from './commands/refine/index.ts';
import { addService } from './commands/service.ts';
import { addServices } from './commands/services.ts';
import { addSetup } from './commands/setup.ts';
import { addStatus } from './commands/status.ts';
import { addSweep } from './commands/sweep.ts';
import { addSynth } from './commands/synth.ts';
import { addSysinfo } from './commands/sysinfo.ts';
import { addTail } from './commands/tail.ts';
import { addUp } from './commands/up.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './errors.ts';
import { leaveSignals } from './first-process.ts';
import { styled, type Terminal } from './terminal.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

const DEFAULT_URL = 'http://127.0.0.1:7101';

/** Runs one command line and resolves with the exit code. */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  env: CommandContext['env'],
): Promise<number> {
  let failed = false;
  const context: CommandContext = {
    terminal,
    env,
    interrupted: interruptSignal,
    fail: () => {
      failed = true;
    },
  };
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return failed ? EXIT.failure : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    report(terminal, error);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  }
}

function createProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('lakewright')
    .description('A telemetry lake on one machine: OTLP in, Parquet on disk, SQL out.')
    .version(pkg.version)
    .addOption(
      new Option('--url <url>', 'address of the query API')
        .env('LAKEWRIGHT_URL')
        .default(DEFAULT_URL)
        .argParser(httpUrl),
    )
    .option('--json', 'answer in JSON, for machines')
    .addHelpText('after', '\nAn API key is read from LAKEWRIGHT_API_KEY, never from the command line.')
    .showHelpAfterError('(try --help)')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .configureHelp({ showGlobalOptions: true });
  for (const add of [
    addUp,
    addDemo,
    addQuery,
    addServices,
    addTail,
    addStatus,
    addSweep,
    addDeadLetters,
    addIceberg,
    addRefine,
    addAws,
    addConnect,
    addSetup,
    addService,
    addSysinfo,
    addSynth,
  ]) {
    add(program, context);
  }
  return program;
}

function report(terminal: Terminal, error: unknown): void {
  terminal.err(`${styled(terminal, 'red', 'lakewright:')} ${messageOf(error)}\n`);
  if (error instanceof LakewrightError) {
    if (error.hint !== undefined) terminal.err(`  ${error.hint}\n`);
  } else if (error instanceof Error && error.stack !== undefined) {
    terminal.err(`${error.stack}\n`);
  }
}

const INTERRUPTED_EXIT = 130;

/**
 * Aborted at the first SIGINT or SIGTERM; the second of one kind ends the process at once. One Ctrl-C may
 * arrive as both: from the terminal, and from the launcher that passes it on.
 */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const seen = new Set<string>();
  const onSignal = (signal: string): void => {
    if (seen.has(signal)) process.exit(INTERRUPTED_EXIT);
    seen.add(signal);
    controller.abort();
  };
  leaveSignals();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}
