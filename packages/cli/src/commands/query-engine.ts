import { ConfigError, type StatementEngine, type StatementProgress } from '@lakewright/core';
import type { EngineAnswer } from '@lakewright/query';
import { type Command, Option } from 'commander';
import { httpUrl } from '../arguments.ts';
import type { SqlRequest } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { humanDuration } from '../format.ts';

/** Who answers a query: the query API, or an engine over the lake's Iceberg tables. */
export const ENGINES = ['duckdb', 'athena', 'trino'] as const;
type Elsewhere = 'athena' | 'trino';

export interface EngineOptions {
  readonly engine: (typeof ENGINES)[number];
  readonly engineUrl?: string;
  readonly dryRun?: boolean;
}

/** A query that takes longer says how far it is, then seldom and seldomer. */
const FIRST_WORD_MS = 2_000;
const LONGEST_SILENCE_MS = 30_000;

export function addEngineOptions(command: Command): void {
  command
    .addOption(
      new Option('--engine <engine>', 'who answers: the query API, or an engine over the Iceberg tables')
        .choices(ENGINES)
        .default('duckdb'),
    )
    .addOption(
      new Option('--engine-url <url>', 'address of the Trino coordinator')
        .env('TRINO_URL')
        .argParser(httpUrl),
    )
    .option('--dry-run', 'print the SQL that athena or trino would be sent, and ask nobody');
}

export function isElsewhere(options: EngineOptions): boolean {
  if (options.engine !== 'duckdb') return true;
  if (options.dryRun === true) {
    throw new UsageError('--dry-run shows a translation, and the query API is asked as it is', {
      hint: 'name --engine athena or --engine trino',
    });
  }
  return false;
}

/** The answer of the chosen engine; undefined when only the translation was asked for, which is printed. */
export async function askElsewhere(
  context: CommandContext,
  request: SqlRequest,
  options: EngineOptions,
): Promise<EngineAnswer | undefined> {
  const engine = options.engine as Elsewhere;
  const { query, start, end, limit } = request;
  const { askEngine, CancelledError, parseTime, translate } = await import('@lakewright/query');
  const translation = await translate({
    sql: query,
    startNs: start === undefined ? undefined : parseTime(start, 'start'),
    endNs: end === undefined ? undefined : parseTime(end, 'end'),
    limit,
    engine,
  });
  if (options.dryRun === true) {
    context.terminal.out(`${translation.sql}\n`);
    return undefined;
  }
  const signal = context.interrupted();
  const asked = await (engine === 'trino' ? trino(context, options) : athena(context));
  try {
    return await askEngine(asked, translation, { signal, onProgress: teller(context, asked.name) });
  } catch (error) {
    if (signal.aborted) throw new CancelledError();
    throw error;
  } finally {
    asked.close();
  }
}

async function trino({ env }: CommandContext, { engineUrl }: EngineOptions): Promise<StatementEngine> {
  if (engineUrl === undefined) {
    throw new ConfigError('the address of Trino is not known', {
      hint: 'set TRINO_URL, or use --engine-url',
    });
  }
  const { trinoEngine } = await import('@lakewright/query');
  return trinoEngine({
    url: engineUrl,
    catalog: env.TRINO_CATALOG || 'lakewright',
    schema: env.TRINO_SCHEMA || 'lake',
    user: env.TRINO_USER || 'lakewright',
    password: env.TRINO_PASSWORD || undefined,
  });
}

async function athena({ env }: CommandContext): Promise<StatementEngine> {
  const { athenaEngine } = await import('@lakewright/aws');
  return athenaEngine({
    database: env.ATHENA_DATABASE || 'lake',
    catalog: env.ATHENA_CATALOG || undefined,
    workGroup: env.ATHENA_WORKGROUP || undefined,
    outputLocation: env.ATHENA_OUTPUT_LOCATION || undefined,
  });
}

function teller({ terminal }: CommandContext, name: string): (progress: StatementProgress) => void {
  const started = performance.now();
  let silence = FIRST_WORD_MS;
  let next = started + silence;
  return ({ state, percent }) => {
    const now = performance.now();
    if (now < next) return;
    silence = Math.min(silence * 2, LONGEST_SILENCE_MS);
    next = now + silence;
    const far = percent === undefined ? '' : `, ${Math.floor(percent)} %`;
    terminal.err(`${name}: ${state.toLowerCase()}${far}, ${humanDuration(now - started)}\n`);
  };
}
