import type { Command } from 'commander';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { humanAge, humanBytes, humanCount } from '../format.ts';
import { renderTable } from '../table.ts';

type Integer = string | number;

interface StatusAnswer {
  readonly rawObjects: {
    readonly pending: Integer;
    readonly claimed: Integer;
    readonly done: Integer;
    readonly dead: Integer;
  };
  readonly oldestPendingSeconds: number;
  readonly tables: readonly {
    readonly table: string;
    readonly segments: Integer;
    readonly rows: Integer;
    readonly bytes: Integer;
    readonly minTimeNs: Integer | null;
    readonly maxTimeNs: Integer | null;
  }[];
}

export function addStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('show what is stored, what waits and what failed')
    .action(async (_options: object, command: Command) => {
      const { terminal } = context;
      const client = clientOf(context, command);
      const answer = await client.get<StatusAnswer>('/api/v1/status');
      if (globalOptions(command).json) return printJson(terminal, answer);
      const { rawObjects: raw } = answer;
      terminal.out(`lake at ${client.url}\n`);
      terminal.out(
        `raw objects: ${humanCount(raw.done)} ingested, ${humanCount(raw.pending)} waiting, ` +
          `${humanCount(raw.claimed)} in work, ${humanCount(raw.dead)} dead\n`,
      );
      if (answer.oldestPendingSeconds > 0) {
        terminal.out(`the oldest has waited ${answer.oldestPendingSeconds.toFixed(1)} s\n`);
      }
      if (Number(raw.dead) > 0) terminal.out('see `lakewright dlq ls`\n');
      terminal.out(`\n${tables(context, answer)}`);
    });
}

function tables({ terminal }: CommandContext, answer: StatusAnswer): string {
  const rows = answer.tables.map((table) => [
    table.table,
    humanCount(table.rows),
    humanCount(table.segments),
    humanBytes(Number(table.bytes)),
    Number(table.rows) > 0 ? (Number(table.bytes) / Number(table.rows)).toFixed(1) : '',
    table.maxTimeNs === null ? '' : humanAge(BigInt(table.maxTimeNs), Date.now()),
  ]);
  return renderTable(
    terminal,
    [
      { title: 'TABLE' },
      { title: 'ROWS', align: 'right' },
      { title: 'SEGMENTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'B/ROW', align: 'right' },
      { title: 'NEWEST' },
    ],
    rows,
  );
}
