import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { duration, httpUrl, rate, seed } from '../arguments.ts';
import { type CommandContext, globalOptions, printJson } from '../context.ts';
import { humanBytes, humanCount, humanDuration } from '../format.ts';
import { otlpTarget } from '../otlp-target.ts';
import { OtlpSender, type SendTotals } from '../sender.ts';
import type { Terminal } from '../terminal.ts';

interface DemoCommandOptions {
  rate: number;
  duration?: number;
  seed?: number;
  endpoint?: string;
}

const DEFAULT_RATE = 1000;
const CONCURRENCY = 8;
const RETRY_FOR_MS = 60_000;
/** Simulated time that passes between two rounds of requests, at least. */
const TICK_MS = 100;
/** Simulated time that one round may catch up, so that a slow receiver does not make rounds grow. */
const LONGEST_TICK_MS = 500;
const REDRAW_MS = 250;
const PLAIN_PROGRESS_MS = 5000;
/** Between two lines of a run without end, which may go to a log for weeks. */
const ENDLESS_PROGRESS_MS = 60_000;
const LARGEST_RANDOM_SEED = 2 ** 32;

export function addDemo(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('send the telemetry of a believable shop of 8 services')
    .option(
      '--rate <records>',
      'records a second: 60 % logs, 25 % spans, 15 % data points',
      rate,
      DEFAULT_RATE,
    )
    .option('--duration <duration>', 'how long to send (10s, 5m); until interrupted when left out', duration)
    .option('--seed <number>', 'same seed, same story; chosen and printed when left out', seed)
    .addOption(
      new Option(
        '--endpoint <url>',
        'OTLP/HTTP address; OTEL_EXPORTER_OTLP_ENDPOINT, or http://127.0.0.1:4318, when left out',
      )
        .env('LAKEWRIGHT_OTLP_ENDPOINT')
        .argParser(httpUrl),
    )
    .action((options: DemoCommandOptions, command: Command) => demo(context, command, options));
}

async function demo(context: CommandContext, command: Command, options: DemoCommandOptions): Promise<void> {
  const { createDemo } = await import('@lakewright/otlp');
  const chosenSeed = options.seed ?? Math.trunc(Math.random() * LARGEST_RANDOM_SEED);
  const stop = context.interrupted();
  const sender = new OtlpSender({
    target: otlpTarget(context.env, options.endpoint),
    concurrency: CONCURRENCY,
    retryForMs: RETRY_FOR_MS,
    signal: stop,
  });
  const shop = createDemo({ seed: chosenSeed, startNs: BigInt(Date.now()) * 1_000_000n, rate: options.rate });
  const json = globalOptions(command).json === true;
  const began = performance.now();
  const progress = progressLine(context.terminal, sender.totals, options, began, json);

  let sentMs = 0;
  while (!stop.aborted && sentMs < (options.duration ?? Number.POSITIVE_INFINITY)) {
    const until = Math.min(
      Math.trunc(performance.now() - began),
      options.duration ?? Number.POSITIVE_INFINITY,
    );
    const passed = Math.min(until - sentMs, LONGEST_TICK_MS);
    const last = sentMs + passed === options.duration;
    if (passed < TICK_MS && !last) {
      await delay(TICK_MS - passed, undefined, { signal: stop }).catch(() => undefined);
      continue;
    }
    for (const batch of shop.next(passed)) await sender.send(batch);
    sentMs += passed;
    progress.update();
  }
  await sender.drain();
  progress.end();
  summary(context, sender.totals, { seed: chosenSeed, ms: performance.now() - began, json });
  if (sender.totals.acknowledged !== sender.totals.records) context.fail();
}

interface Progress {
  update(): void;
  end(): void;
}

/** One redrawn line for a person, a plain line now and then for anything else, nothing for machines. */
function progressLine(
  terminal: Terminal,
  totals: SendTotals,
  options: DemoCommandOptions,
  began: number,
  json: boolean,
): Progress {
  const plain = options.duration === undefined ? ENDLESS_PROGRESS_MS : PLAIN_PROGRESS_MS;
  const interval = terminal.progress ? REDRAW_MS : plain;
  let next = began + interval;
  const text = (): string => {
    const ms = performance.now() - began;
    const of = options.duration === undefined ? '' : ` of ${humanDuration(options.duration)}`;
    const perSecond = humanCount(Math.round((totals.acknowledged * 1000) / ms));
    return `${humanDuration(ms)}${of}: ${humanCount(totals.acknowledged)} records acknowledged, ${perSecond}/s`;
  };
  const clear = '\r\u001b[K';
  return {
    update() {
      if (json || performance.now() < next) return;
      next = performance.now() + interval;
      terminal.err(terminal.progress ? clear + text() : `${text()}\n`);
    },
    end() {
      if (!json && terminal.progress) terminal.err(clear);
    },
  };
}

function summary(
  { terminal }: CommandContext,
  totals: SendTotals,
  facts: { seed: number; ms: number; json: boolean },
): void {
  const perSecond = Math.round((totals.acknowledged * 1000) / facts.ms);
  if (facts.json) {
    const { reasons, ...counts } = totals;
    printJson(terminal, {
      ...counts,
      reasons: [...reasons],
      seed: facts.seed,
      elapsedMs: Math.round(facts.ms),
      recordsPerSecond: perSecond,
    });
    return;
  }
  terminal.out(
    `sent ${humanCount(totals.records)} records (${humanBytes(totals.bytes)}, ${humanCount(totals.requests)} requests) ` +
      `in ${humanDuration(facts.ms)}, seed ${facts.seed}\n` +
      `acknowledged ${humanCount(totals.acknowledged)}, rejected ${humanCount(totals.rejected)}, ` +
      `lost ${humanCount(totals.lost)}, ${humanCount(totals.retries)} retries, ${humanCount(perSecond)} records/s\n`,
  );
  for (const reason of totals.reasons) terminal.err(`  ${reason}\n`);
  if (totals.acknowledged > 0) {
    terminal.out('next: npx lakewright query sql "select service_name, count(*) from logs group by 1"\n');
  }
}
