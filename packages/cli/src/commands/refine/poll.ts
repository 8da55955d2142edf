import { setTimeout as delay } from 'node:timers/promises';
import { LakewrightError, messageOf, type ObjectInfo } from '@lakewright/core';
import type { RuleSet } from '@lakewright/refine';
import { type Command, Option } from 'commander';
import { duration, instantMs } from '../../arguments.ts';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { humanBytes, humanDuration } from '../../format.ts';
import { type ReadOutput, readCompletion, readOutput } from '../../refine/completed.ts';
import { ContentPrinter } from '../../refine/content-printer.ts';
import { addRuleSetOptions, openRuleSet, type RefineOptions } from '../../refine/open.ts';
import { printable, styled } from '../../terminal.ts';

interface PollOptions extends RefineOptions {
  once?: boolean;
  timeout?: number;
  /** Milliseconds since the epoch. */
  since?: number;
  quiet?: boolean;
}

const POLL_MS = 1000;
const ONCE_TIMEOUT_MS = 300_000;

export function addPoll(refine: Command, context: CommandContext): void {
  addRuleSetOptions(
    refine
      .command('poll')
      .description('print completions and the content of their outputs as they come')
      .option('--once', 'end after the first look that finds a completion; wait for one where there is none')
      .addOption(
        new Option(
          '--timeout <duration>',
          'how long to look; 5m with --once, else until interrupted',
        ).argParser(duration),
      )
      .option(
        '--since <time>',
        'only completions written since: RFC 3339, or how long ago like 10m',
        instantMs,
      )
      .option('--quiet', 'print keys and sizes, never content'),
  ).action((options: PollOptions, command: Command) => poll(context, command, options));
}

async function poll(context: CommandContext, command: Command, options: PollOptions): Promise<void> {
  const stop = context.interrupted();
  const timeoutMs = options.timeout ?? (options.once ? ONCE_TIMEOUT_MS : undefined);
  const limits = timeoutMs === undefined ? [stop] : [stop, AbortSignal.timeout(timeoutMs)];
  const ended = AbortSignal.any(limits);
  const opened = await untilEnded(openRuleSet(context, command, options, ended), ended);
  if (opened === undefined) return context.fail();
  const set = opened;
  const poller = new Poller(context, set, {
    json: globalOptions(command).json === true,
    quiet: options.quiet === true,
    sinceMs: options.since ?? 0,
  });
  let told = false;
  while (!ended.aborted) {
    await untilEnded(poller.look(ended), ended);
    if (options.once && poller.found > 0) break;
    if (poller.found === 0 && !told) {
      told = true;
      const until = timeoutMs === undefined ? 'until interrupted' : `for up to ${humanDuration(timeoutMs)}`;
      context.terminal.err(`no completion below ${set.rule.completePrefix} yet: waiting ${until}\n`);
    }
    await delay(POLL_MS, undefined, { signal: ended }).catch(() => undefined);
  }
  if (poller.failing > 0) context.fail();
  if (poller.found === 0 && !stop.aborted) {
    context.terminal.err(`no completion below ${set.rule.completePrefix} in time\n`);
    context.terminal.err('  see `lakewright refine ls` for what waits and for dead letters\n');
    context.fail();
  }
}

/** What `work` resolves with, or undefined as soon as there is no more time for it. */
async function untilEnded<T>(work: Promise<T>, ended: AbortSignal): Promise<T | undefined> {
  const over = new Promise<undefined>((resolve) => {
    if (ended.aborted) resolve(undefined);
    else ended.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const working = work.catch((error: unknown) => {
    // What fails because the time is over says nothing.
    if (ended.aborted) return undefined;
    throw error;
  });
  return Promise.race([working, over]);
}

interface PollerOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly sinceMs: number;
}

/** Prints every completion once; one that cannot be read whole is tried again at the next look. */
class Poller {
  readonly #context: CommandContext;
  readonly #set: RuleSet;
  readonly #options: PollerOptions;
  readonly #shown = new Map<string, string>();
  readonly #printed = new Set<string>();
  /** The last error of each completion that could not be read, so that it is told once. */
  readonly #errors = new Map<string, string>();

  constructor(context: CommandContext, set: RuleSet, options: PollerOptions) {
    this.#context = context;
    this.#set = set;
    this.#options = options;
  }

  /** Completions that were found, readable or not. */
  get found(): number {
    return this.#shown.size + this.#errors.size;
  }

  /** Completions that could not be read. */
  get failing(): number {
    return this.#errors.size;
  }

  async look(ended: AbortSignal): Promise<void> {
    const listed = new Set<string>();
    for await (const info of this.#set.completions()) {
      if (ended.aborted) return;
      listed.add(info.key);
      const old = info.lastModifiedMs < Math.floor(this.#options.sinceMs / 1000) * 1000;
      if (old || info.key.endsWith('/') || this.#shown.get(info.key) === info.etag) continue;
      await this.#show(info);
    }
    // What is gone cannot be read and need not be.
    for (const key of this.#errors.keys()) if (!listed.has(key)) this.#errors.delete(key);
  }

  async #show({ key, etag }: ObjectInfo): Promise<void> {
    try {
      const outputs = await readCompletion(this.#set, key);
      await this.#print({ key, etag }, outputs);
      this.#shown.set(key, etag);
      this.#errors.delete(key);
    } catch (error) {
      // What is wrong with one completion says nothing about the others; a lake that is away does.
      if (!(error instanceof LakewrightError) || !ONE_COMPLETION.has(error.code)) throw error;
      const message = messageOf(error);
      if (this.#errors.get(key) !== message) this.#context.terminal.err(`${printable(key)}: ${message}\n`);
      this.#errors.set(key, message);
    }
  }

  async #print({ key, etag }: { key: string; etag: string }, outputs: readonly string[]): Promise<void> {
    const { terminal } = this.#context;
    const { json, quiet } = this.#options;
    if (!json) terminal.out(`${styled(terminal, 'bold', printable(key))}\n`);
    const read: ReadOutput[] = [];
    for (const output of outputs) {
      // At a second look, because another output was missing, content is not printed again.
      const again = this.#printed.has(`${etag} ${output}`);
      const printer = json || quiet || again ? undefined : new ContentPrinter(terminal);
      if (!json) terminal.out(`  ${printable(output)}`);
      const facts = await readOutput(this.#set, output, (chunk) => printer?.write(chunk));
      read.push(facts);
      this.#printed.add(`${etag} ${output}`);
      if (!json)
        terminal.out(printer === undefined ? ` (${humanBytes(facts.size)})\n` : printer.end(facts.size));
    }
    if (json) printJson(terminal, { completion: key, outputs: read });
  }
}

/** Codes of errors that concern one completion alone: it is broken, or an output of it is not there. */
const ONE_COMPLETION: ReadonlySet<string> = new Set(['COMPLETION', 'LIMIT', 'BAD_INPUT', 'NOT_FOUND']);
