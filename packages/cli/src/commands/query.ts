import { type Command, Option } from 'commander';
import { count, time } from '../arguments.ts';
import type { SqlRequest } from '../client.ts';
import { type CommandContext, clientOf, globalOptions } from '../context.ts';
import { ApiError } from '../errors.ts';
import { addEngineOptions, askElsewhere, type EngineOptions, isElsewhere } from './query-engine.ts';
import { FORMATS, type Format, printAnswer } from './query-formats.ts';

interface QueryOptions extends EngineOptions {
  start?: string;
  end?: string;
  limit?: number;
  format: Format;
}

const MEDIA = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;

export function addQuery(program: Command, context: CommandContext): void {
  const sql = program
    .command('query')
    .description('ask the lake')
    .command('sql')
    .argument(
      '<sql>',
      'one SELECT over logs, traces, gauge, sum, histogram, exp_histogram, summary, rollup_60s, ...',
    )
    .description('run a SQL query')
    .option('--start <time>', 'rows from this time on: RFC 3339, epoch ns, or how long ago (10m)', time)
    .option('--end <time>', 'rows before this time, written like --start', time)
    .option('--limit <rows>', 'most rows to answer', count)
    .addOption(new Option('--format <format>', 'how to print the answer').choices(FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nExample:\n  lakewright query sql "select service_name, count(*) from logs group by 1"',
    )
    .action(async (sql: string, options: QueryOptions, command: Command) => {
      const { format, start, end, limit } = options;
      const request: SqlRequest = { query: sql, start, end, limit };
      const chosen = globalOptions(command).json && format === 'table' ? 'json' : format;
      if (isElsewhere(options)) {
        const answer = await askElsewhere(context, request, options);
        if (answer !== undefined) await printAnswer(context.terminal, answer, chosen);
        return;
      }
      const client = clientOf(context, command, context.interrupted());
      if (chosen === 'ndjson') await printLines(context, await client.sqlStream(request, MEDIA.ndjson));
      else if (chosen === 'csv') await printBytes(context, await client.sqlStream(request, MEDIA.csv));
      else await printAnswer(context.terminal, await client.sql(request), chosen);
    });
  addEngineOptions(sql);
}

async function printBytes({ terminal }: CommandContext, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of unbroken(chunks)) terminal.out(decoder.decode(chunk, { stream: true }));
  terminal.out(decoder.decode());
}

/** Prints complete lines as they come; a last line that carries an error is reported, not printed. */
async function printLines({ terminal }: CommandContext, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  let held = '';
  for await (const chunk of unbroken(chunks)) {
    rest += decoder.decode(chunk, { stream: true });
    const end = rest.lastIndexOf('\n') + 1;
    if (end === 0) continue;
    const lines = held + rest.slice(0, end);
    rest = rest.slice(end);
    const last = lines.lastIndexOf('\n', lines.length - 2) + 1;
    terminal.out(lines.slice(0, last));
    held = lines.slice(last);
  }
  const final = held + rest;
  const error = lateError(final);
  if (error !== undefined) throw error;
  terminal.out(final);
}

/** The error of an answer that failed after its start, as the server's last line tells it. */
function lateError(line: string): ApiError | undefined {
  if (!line.startsWith('{"error":{')) return undefined;
  const { error } = JSON.parse(line) as { error: { code?: unknown; message?: unknown } };
  if (typeof error.code !== 'string' || typeof error.message !== 'string') return undefined;
  return new ApiError(200, error.code, `the answer is not complete: ${error.message}`);
}

/** The chunks of an answer; a connection that breaks in their midst is an error with a name. */
async function* unbroken(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw new ApiError(200, 'BROKEN_ANSWER', 'the connection broke before the answer was complete', {
      hint:
        error instanceof Error && error.name === 'AbortError'
          ? 'interrupted'
          : 'see the log of `lakewright up`',
    });
  }
}
