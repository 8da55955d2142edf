import type { Command } from 'commander';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { humanBytes, humanCount } from '../format.ts';
import { renderTable } from '../table.ts';

interface Amount {
  readonly count: number;
  readonly bytes: number;
}

interface SweepAnswer {
  readonly dryRun: boolean;
  readonly retired: Amount;
  readonly waiting: Amount;
  readonly orphans: Amount;
  readonly unconfirmed: Amount;
  readonly foreign: Amount;
  readonly expired: Amount;
  readonly rawObjects: Amount;
  readonly history: number;
  readonly claims: { readonly rawObjects: number; readonly segments: number };
  readonly failed: number;
}

const PATH = '/api/v1/sweep';

export function addSweep(program: Command, context: CommandContext): void {
  program
    .command('sweep')
    .option('--dry-run', 'only say what would be removed')
    .description('remove what nobody needs any more: replaced segments, left-overs, what is past its time')
    .action((options: { dryRun?: boolean }, command: Command) =>
      sweep(context, command, options.dryRun === true),
    );
}

async function sweep(context: CommandContext, command: Command, dryRun: boolean): Promise<void> {
  const { terminal } = context;
  const client = clientOf(context, command);
  const answer = dryRun ? await client.get<SweepAnswer>(PATH) : await client.post<SweepAnswer>(PATH);
  if (answer.failed > 0) context.fail();
  if (globalOptions(command).json) return printJson(terminal, answer);
  const row = (what: string, { count, bytes }: Amount) => [what, humanCount(count), humanBytes(bytes)];
  terminal.out(
    renderTable(
      terminal,
      [
        { title: dryRun ? 'WOULD BE REMOVED' : 'REMOVED' },
        { title: 'OBJECTS', align: 'right' },
        { title: 'SIZE', align: 'right' },
      ],
      [
        row('segments that others replaced', answer.retired),
        row('left-overs that no row names', answer.orphans),
        row('raw objects past their retention', answer.rawObjects),
      ],
    ),
  );
  const kept: [Amount, string][] = [
    [answer.expired, `segments past their retention ${dryRun ? 'would be' : 'are'} retired`],
    [answer.waiting, 'retired segments wait until no query can be reading them'],
    [answer.unconfirmed, 'left-overs are looked at once more'],
    [answer.foreign, 'objects below db/ are not known to this catalog and stay'],
  ];
  for (const [{ count, bytes }, what] of kept) {
    if (count > 0) terminal.out(`${humanCount(count)} ${what} (${humanBytes(bytes)})\n`);
  }
  const { claims, history, failed } = answer;
  const lapsed = claims.rawObjects + claims.segments;
  if (lapsed > 0) terminal.out(`${humanCount(lapsed)} claims that nobody renewed are free again\n`);
  if (history > 0) terminal.out(`${humanCount(history)} rows of removed raw objects are forgotten\n`);
  if (failed > 0) terminal.err(`${humanCount(failed)} objects could not be removed: see the log\n`);
}
