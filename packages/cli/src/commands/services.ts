import type { Command } from 'commander';
import { type CommandContext, clientOf, globalOptions, printJson } from '../context.ts';
import { humanAge } from '../format.ts';
import { renderTable } from '../table.ts';

interface ServicesAnswer {
  readonly services: readonly {
    readonly service: string;
    readonly tables: readonly string[];
    readonly lastSeenNs: string | number;
  }[];
}

export function addServices(program: Command, context: CommandContext): void {
  program
    .command('services')
    .description('list the services that sent telemetry')
    .action(async (_options: object, command: Command) => {
      const { terminal } = context;
      const answer = await clientOf(context, command).get<ServicesAnswer>('/api/v1/services');
      if (globalOptions(command).json) return printJson(terminal, answer);
      if (answer.services.length === 0) {
        terminal.err('no service has sent anything yet; try `lakewright demo --duration 10s`\n');
        return;
      }
      const rows = answer.services.map(({ service, tables, lastSeenNs }) => [
        service,
        tables.join(', '),
        humanAge(BigInt(lastSeenNs), Date.now()),
      ]);
      terminal.out(
        renderTable(terminal, [{ title: 'SERVICE' }, { title: 'TABLES' }, { title: 'LAST SEEN' }], rows),
      );
    });
}
