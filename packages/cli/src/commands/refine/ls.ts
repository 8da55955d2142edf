import type { QueueCounts } from '@lakewright/core';
import type { DeadLetterView, RuleSet } from '@lakewright/refine';
import type { Command } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../../context.ts';
import { humanAge, humanCount } from '../../format.ts';
import { addRuleSetOptions, openRuleSet, openRuleSets, type RefineOptions } from '../../refine/open.ts';
import { renderTable } from '../../table.ts';

/** Dead letters of one rule that are listed. */
const SHOWN = 100;

interface Listed {
  readonly set: RuleSet;
  readonly counts: QueueCounts;
  readonly deadLetters: readonly DeadLetterView[];
}

export function addList(refine: Command, context: CommandContext): void {
  addRuleSetOptions(
    refine.command('ls').description('list the rules, what waits for them, and their dead letters'),
  ).action(async (options: RefineOptions, command: Command) => {
    const { terminal } = context;
    const sets =
      options.rule === undefined
        ? await openRuleSets(context, command, options)
        : [await openRuleSet(context, command, options)];
    const listed = await Promise.all(sets.map(look));
    if (globalOptions(command).json) {
      const rules = listed.map(({ set, counts, deadLetters }) => ({ ...set.rule, ...counts, deadLetters }));
      return printJson(terminal, { rules });
    }
    if (listed.length === 0) {
      terminal.err('no rules; declare them in lakewright.yaml\n');
      return;
    }
    terminal.out(ruleTable(context, listed));
    const dead = listed.flatMap(({ set, deadLetters }) => deadLetters.map((letter) => ({ set, letter })));
    if (dead.length > 0) terminal.out(`\n${deadTable(context, dead)}`);
  });
}

async function look(set: RuleSet): Promise<Listed> {
  const counts = await set.counts();
  return { set, counts, deadLetters: counts.dead > 0 ? await set.deadLetters(SHOWN) : [] };
}

function ruleTable({ terminal }: CommandContext, listed: readonly Listed[]): string {
  const columns = [
    { title: 'RULE' },
    { title: 'INPUT' },
    { title: 'COMPLETE' },
    { title: 'HANDLER' },
    { title: 'WAITING', align: 'right' },
    { title: 'IN WORK', align: 'right' },
    { title: 'DEAD', align: 'right' },
  ] as const;
  const rows = listed.map(({ set: { rule }, counts }) => [
    rule.name,
    rule.inputPrefix,
    rule.completePrefix,
    rule.handler,
    humanCount(counts.waiting),
    humanCount(counts.inFlight),
    humanCount(counts.dead),
  ]);
  return renderTable(terminal, columns, rows);
}

function deadTable(
  { terminal }: CommandContext,
  dead: readonly { set: RuleSet; letter: DeadLetterView }[],
): string {
  const columns = [
    { title: 'DEAD LETTER' },
    { title: 'RULE' },
    { title: 'RECEIVES', align: 'right' },
    { title: 'SENT' },
    { title: 'REASON' },
  ] as const;
  const rows = dead.map(({ set, letter }) => [
    letter.keys.join(', ') || `message ${letter.id}`,
    set.rule.name,
    String(letter.receives),
    humanAge(BigInt(letter.sentAtMs) * 1_000_000n, Date.now()),
    letter.reason ?? 'see the log of the worker',
  ]);
  return renderTable(terminal, columns, rows);
}
