import type { Command } from 'commander';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { humanCount } from '../format.ts';
import { renderTable } from '../table.ts';

interface PublishAnswer {
  readonly tables: readonly {
    readonly table: string;
    readonly operation: string | null;
    readonly addedFiles: number;
    readonly removedFiles: number;
    readonly files: number;
    readonly rows: number;
    readonly metadataLocation: string;
  }[];
}

export function addIceberg(program: Command, context: CommandContext): void {
  const iceberg = program.command('iceberg').description("the lake's tables for Spark, Trino and others");
  iceberg
    .command('publish')
    .description('publish what has changed now, without waiting for the interval')
    .action((_options: object, command: Command) => publish(context, command));
}

async function publish(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const answer = await clientOf(context, command).post<PublishAnswer>('/api/v1/iceberg/publish');
  if (globalOptions(command).json) return printJson(terminal, answer);
  if (answer.tables.length === 0) return terminal.out('every table is published as it is\n');
  terminal.out(
    renderTable(
      terminal,
      [
        { title: 'TABLE' },
        { title: 'OPERATION' },
        { title: 'ADDED', align: 'right' },
        { title: 'REMOVED', align: 'right' },
        { title: 'FILES', align: 'right' },
        { title: 'ROWS', align: 'right' },
      ],
      answer.tables.map(({ table, operation, addedFiles, removedFiles, files, rows }) => [
        table,
        operation ?? '-',
        ...[addedFiles, removedFiles, files, rows].map(humanCount),
      ]),
    ),
  );
}
