import { setTimeout as delay } from 'node:timers/promises';
import { Argument, type Command, Option } from 'commander';
import { count, duration } from '../arguments.ts';
import type { ApiClient, SqlAnswer } from '../client.ts';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { humanDuration, sqlString } from '../format.ts';
import { printable, type Style, styled, type Terminal } from '../terminal.ts';

type Source = 'logs' | 'traces';

interface TailOptions {
  since: number;
  follow?: boolean;
  lines: number;
}

const DEFAULT_SINCE_MS = 600_000;
const DEFAULT_LINES = 1000;
/** Time between two looks for new records while following. */
const POLL_MS = 1000;
/** Records that arrive up to this much later than newer ones are still shown while following. */
const OVERLAP_MS = 30_000;
/** Most records that one look shows. */
const ROWS_PER_LOOK = 10_000;

const COLUMNS: Readonly<Record<Source, string>> = {
  logs: 'time_unix_nano, timestamp, severity_number, severity_text, body, trace_id, span_id',
  traces: 'time_unix_nano, timestamp, duration_nano, status_code, span_name, trace_id, span_id',
};

export function addTail(program: Command, context: CommandContext): void {
  program
    .command('tail')
    .argument('<service>', 'service whose records to print')
    .addArgument(new Argument('[source]', 'what to print').choices(['logs', 'traces']).default('logs'))
    .addOption(
      new Option('--since <duration>', 'how far back to begin')
        .argParser(duration)
        .default(DEFAULT_SINCE_MS, '10m'),
    )
    .option('--follow', 'wait for more and print it until interrupted')
    .option('-n, --lines <count>', 'at most the newest this many of what is there', count, DEFAULT_LINES)
    .description("print a service's latest records, oldest first")
    .action((service: string, source: Source, options: TailOptions, command: Command) =>
      tail(context, command, service, source, options),
    );
}

async function tail(
  context: CommandContext,
  command: Command,
  service: string,
  source: Source,
  options: TailOptions,
): Promise<void> {
  const { terminal } = context;
  const { json } = globalOptions(command);
  const print = (row: Row) => (json ? printJson(terminal, row) : terminal.out(lineOf(terminal, source, row)));
  const stop = options.follow ? context.interrupted() : undefined;
  const client = clientOf(context, command, stop);
  const since = Date.now() - options.since;
  const wanted = options.follow ? ROWS_PER_LOOK : options.lines + 1;
  try {
    const seen = new SeenRows();
    const there = seen.fresh(await look(client, source, service, since, wanted));
    if (there.length > options.lines && command.getOptionValueSource('lines') === 'default') {
      terminal.err(
        `only the newest ${options.lines} records; ask for more with -n or for less time with --since\n`,
      );
    }
    there.slice(-options.lines).forEach(print);
    if (there.length === 0 && !options.follow) {
      terminal.err(
        `no ${source} of ${printable(service)} in the last ${humanDuration(options.since)}; see \`lakewright services\`\n`,
      );
    }
    while (stop !== undefined) {
      await delay(POLL_MS, undefined, { signal: stop });
      // A record from the future must not hide those that come now.
      const from = Math.max(since, Math.min(seen.newestMs, Date.now()) - OVERLAP_MS);
      const rows = await look(client, source, service, from, ROWS_PER_LOOK);
      if (rows.length === ROWS_PER_LOOK)
        terminal.err('more records came than can be shown; some are left out\n');
      seen.fresh(rows).forEach(print);
      seen.forgetBefore(from);
    }
  } catch (error) {
    if (!stop?.aborted) throw error;
  }
}

/** One record as the columns of its source name its fields. */
type Row = Readonly<Record<string, unknown>>;

/** The newest records since a time (ms since the epoch), oldest first. */
async function look(
  client: ApiClient,
  source: Source,
  service: string,
  sinceMs: number,
  limit: number,
): Promise<Row[]> {
  const answer = await client.sql({
    query:
      `SELECT ${COLUMNS[source]} FROM ${source} WHERE service_name = ${sqlString(service)} ` +
      `ORDER BY time_unix_nano DESC LIMIT ${limit}`,
    start: (BigInt(Math.trunc(sinceMs)) * 1_000_000n).toString(),
    limit,
  });
  // Records of one time keep the order of the answer, which is mostly that of their file; reversed they would not.
  return answer.rows.map((row) => rowOf(answer, row)).sort((a, b) => compareNs(timeNs(a), timeNs(b)));
}

function rowOf(answer: SqlAnswer, cells: readonly unknown[]): Row {
  return Object.fromEntries(answer.columns.map(({ name }, i) => [name, cells[i]]));
}

const timeNs = (row: Row): bigint => BigInt(String(row.time_unix_nano));
const timeMs = (row: Row): number => Number(timeNs(row) / 1_000_000n);
const compareNs = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Tells records that were shown from new ones; equal records are counted, not taken for one. */
class SeenRows {
  newestMs = 0;
  readonly #counts = new Map<string, { count: number; ms: number }>();

  fresh(rows: readonly Row[]): Row[] {
    const now = new Map<string, number>();
    const fresh: Row[] = [];
    for (const row of rows) {
      const key = JSON.stringify(row);
      const times = (now.get(key) ?? 0) + 1;
      now.set(key, times);
      const ms = timeMs(row);
      this.newestMs = Math.max(this.newestMs, ms);
      if (times <= (this.#counts.get(key)?.count ?? 0)) continue;
      this.#counts.set(key, { count: times, ms });
      fresh.push(row);
    }
    return fresh;
  }

  forgetBefore(ms: number): void {
    for (const [key, entry] of this.#counts) if (entry.ms < ms) this.#counts.delete(key);
  }
}

function lineOf(terminal: Terminal, source: Source, row: Row): string {
  const time = styled(terminal, 'dim', String(row.timestamp));
  if (source === 'logs') {
    const severity = printable(String(row.severity_text ?? '')).padEnd(5);
    return `${time} ${styled(terminal, severityStyle(Number(row.severity_number ?? 0)), severity)} ${printable(String(row.body ?? ''))}\n`;
  }
  const failed = row.status_code === 2;
  const took = humanDuration(Number(row.duration_nano) / 1e6).padStart(9);
  const name = printable(String(row.span_name));
  const mark = failed ? styled(terminal, 'red', 'ERROR') : 'ok   ';
  return `${time} ${took} ${mark} ${name} ${styled(terminal, 'dim', String(row.trace_id))}\n`;
}

function severityStyle(severity: number): Style {
  if (severity >= 17) return 'red';
  if (severity >= 13) return 'yellow';
  return severity >= 9 ? 'green' : 'dim';
}
