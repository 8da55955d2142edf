import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LakewrightError } from '@lakewright/core';
import type { RuleSet } from '@lakewright/refine';
import { type Command, Option } from 'commander';
import { duration } from '../../arguments.ts';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { humanDuration } from '../../format.ts';
import { readCompletion, readOutput } from '../../refine/completed.ts';
import { addRuleSetOptions, openRuleSet, type RefineOptions } from '../../refine/open.ts';

interface EndToEndOptions extends RefineOptions {
  timeout: number;
  keep?: boolean;
}

const POLL_MS = 250;
const DEFAULT_TIMEOUT_MS = 300_000;
/** The handler whose outputs are known to be copies. */
const COPIES = 'hello-world';

export function addEndToEnd(refine: Command, context: CommandContext): void {
  addRuleSetOptions(
    refine
      .command('e2e')
      .description('push a small object, wait for its completion, check the outputs, remove what was made')
      .addOption(
        new Option('--timeout <duration>', 'how long to wait for the completion')
          .argParser(duration)
          .default(DEFAULT_TIMEOUT_MS, '5m'),
      )
      .option('--keep', 'leave the input, the outputs and the completion where they are'),
  ).action((options: EndToEndOptions, command: Command) => endToEnd(context, command, options));
}

async function endToEnd(context: CommandContext, command: Command, options: EndToEndOptions): Promise<void> {
  const { terminal } = context;
  const json = globalOptions(command).json === true;
  const say = (text: string) => (json ? undefined : terminal.out(`${text}\n`));
  const stop = context.interrupted();
  const { completionKey } = await import('@lakewright/refine');
  const set = await openRuleSet(context, command, options);
  const content = `lakewright refine e2e ${randomUUID()}\n`;
  const began = performance.now();
  const pushed = await set.push(`e2e/${randomUUID()}.txt`, once(content), { contentType: 'text/plain' });
  say(`pushed ${pushed.key}`);
  const completion = completionKey(set.rule, pushed.key);
  const outputs = await awaitCompletion(set, completion, options.timeout, stop);
  const tookMs = Math.round(performance.now() - began);
  say(`completed ${completion} after ${humanDuration(tookMs)}`);
  await checkOutputs(set, outputs, content);
  say(
    `read ${outputs.length === 1 ? '1 output' : `${outputs.length} outputs`}${set.rule.handler === COPIES ? ', equal to the input' : ''}`,
  );
  // What failed stays where it is: somebody will want to look at it.
  if (!options.keep) for (const key of [...outputs, pushed.key, completion]) await set.remove(key);
  if (json) printJson(terminal, { ok: true, input: pushed.key, completion, outputs, tookMs });
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

async function awaitCompletion(
  set: RuleSet,
  key: string,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<string[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await readCompletion(set, key);
    } catch (error) {
      if (!(error instanceof LakewrightError) || error.code !== 'NOT_FOUND') throw error;
    }
    if (performance.now() > deadline) {
      throw new LakewrightError('TIMEOUT', `no completion ${key} after ${humanDuration(timeoutMs)}`, {
        hint: 'see `lakewright refine ls` for dead letters, and the log of the worker',
      });
    }
    await delay(POLL_MS, undefined, { signal: stop });
  }
}

async function checkOutputs(set: RuleSet, outputs: readonly string[], content: string): Promise<void> {
  for (const key of outputs) {
    const chunks: Uint8Array[] = [];
    await readOutput(set, key, (chunk) => chunks.push(chunk));
    if (set.rule.handler === COPIES && Buffer.concat(chunks).toString() !== content) {
      throw new LakewrightError('E2E', `${key} does not have the bytes of the input`);
    }
  }
  if (outputs.length === 0 && set.rule.handler === COPIES) {
    throw new LakewrightError('E2E', 'the completion names no output');
  }
}
