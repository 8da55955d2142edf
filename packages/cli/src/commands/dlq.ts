import type { Command } from 'commander';
import type { ApiClient } from '../client.ts';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { UsageError } from '../errors.ts';
import { humanAge, humanBytes } from '../format.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

interface DeadLetterAnswer {
  readonly id: string | number;
  readonly signal: string;
  readonly key: string;
  readonly size: string | number;
  readonly failedNs: string | number;
  readonly attempts: number;
  readonly reason: string;
}

interface ReplayAnswer {
  readonly outcome: 'queued' | 'superseded' | 'missing';
}

const OUTCOMES: Readonly<Record<ReplayAnswer['outcome'], string>> = {
  queued: 'waits to be ingested again',
  superseded: 'was replaced by a newer object, which is ingested instead',
  missing: 'the object is gone from the store: nothing to replay',
};

const PATH = '/api/v1/dead-letters';

export function addDeadLetters(program: Command, context: CommandContext): void {
  const dlq = program.command('dlq').description('objects that could not be ingested, with the reason');
  dlq
    .command('ls')
    .description('list the dead letters')
    .action((_options: object, command: Command) => list(context, command));
  dlq
    .command('show')
    .argument('<id>', 'number of the dead letter', letterId)
    .description('show one dead letter in full')
    .action((id: string, _options: object, command: Command) => show(context, command, id));
  dlq
    .command('replay')
    .argument('[id]', 'number of the dead letter', letterId)
    .option('--all', 'replay every dead letter')
    .description('ingest again, after the object or the software was mended')
    .action((id: string | undefined, options: { all?: boolean }, command: Command) =>
      replay(context, command, id, options.all === true),
    );
}

function letterId(text: string): string {
  if (!/^\d{1,19}$/.test(text)) {
    throw new UsageError(`${JSON.stringify(text)} is not the number of a dead letter`, {
      hint: 'see `lakewright dlq ls`',
    });
  }
  return text;
}

const letters = async (client: ApiClient) =>
  (await client.get<{ deadLetters: DeadLetterAnswer[] }>(PATH)).deadLetters;

async function list(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const found = await letters(clientOf(context, command));
  if (globalOptions(command).json) return printJson(terminal, { deadLetters: found });
  if (found.length === 0) {
    terminal.err('no dead letters\n');
    return;
  }
  const rows = found.map((letter) => [
    String(letter.id),
    letter.signal,
    humanAge(BigInt(letter.failedNs), Date.now()),
    letter.key,
    letter.reason,
  ]);
  terminal.out(
    renderTable(
      terminal,
      [
        { title: 'ID', align: 'right' },
        { title: 'SIGNAL' },
        { title: 'FAILED' },
        { title: 'OBJECT' },
        { title: 'REASON' },
      ],
      rows,
    ),
  );
}

async function show(context: CommandContext, command: Command, id: string): Promise<void> {
  const { terminal } = context;
  const letter = await clientOf(context, command).get<DeadLetterAnswer>(`${PATH}/${id}`);
  if (globalOptions(command).json) return printJson(terminal, letter);
  const lines = [
    ['id', String(letter.id)],
    ['signal', letter.signal],
    ['object', letter.key],
    ['size', humanBytes(Number(letter.size))],
    ['failed', humanAge(BigInt(letter.failedNs), Date.now())],
    ['attempts', String(letter.attempts)],
    ['reason', letter.reason],
  ];
  for (const [name, value] of lines) terminal.out(`${`${name}:`.padEnd(10)}${printable(value)}\n`);
  terminal.out(`\nafter a fix: lakewright dlq replay ${letter.id}\n`);
}

async function replay(
  context: CommandContext,
  command: Command,
  id: string | undefined,
  all: boolean,
): Promise<void> {
  if ((id === undefined) === !all) {
    throw new UsageError('dlq replay takes either the number of one dead letter or --all');
  }
  const { terminal } = context;
  const { json } = globalOptions(command);
  const client = clientOf(context, command);
  const ids = id === undefined ? (await letters(client)).map((letter) => String(letter.id)) : [id];
  if (ids.length === 0 && !json) terminal.err('no dead letters\n');
  for (const each of ids) {
    const { outcome } = await client.post<ReplayAnswer>(`${PATH}/${each}/replay`);
    if (outcome === 'missing') context.fail();
    if (json) printJson(terminal, { id: each, outcome });
    else terminal.out(`${each}: ${OUTCOMES[outcome] ?? outcome}\n`);
  }
}
