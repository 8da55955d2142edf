import type {
  ChangeLine,
  DestroyPlan,
  LeftOver,
  ParameterDecision,
  Plan,
  StackPlan,
} from '@lakewright/deploy';
import { printable, type Style, styled, type Terminal } from '../../terminal.ts';

const SIGNS: Readonly<Record<ChangeLine['verb'], readonly [sign: string, style: Style]>> = {
  add: ['+', 'green'],
  import: ['+', 'green'],
  change: ['~', 'yellow'],
  'may replace': ['-/+?', 'red'],
  replace: ['-/+', 'red'],
  remove: ['-', 'red'],
};

const ACTIONS: Readonly<Record<StackPlan['action'], string>> = {
  create: 'to be created',
  'delete and create': 'to be deleted and created',
  update: 'to be updated',
  none: 'no changes',
  'wait, then compare': 'at work',
  blocked: 'cannot be deployed',
};

/** A plan for people. */
export function planText(terminal: Terminal, plan: Plan): string {
  const texts = plan.stacks.map((stack) => stackText(terminal, stack));
  return `${texts.join('\n')}\n${summary(plan)}\n`;
}

/** How many resources come, change and go. */
export function summary({ stacks }: Plan): string {
  const todo = stacks.filter(({ action }) => action !== 'none');
  if (todo.length === 0) return 'No changes: what is there is as it should be.';
  const lines = todo.flatMap(({ changes }) => changes);
  const count = (...verbs: ChangeLine['verb'][]) => lines.filter(({ verb }) => verbs.includes(verb)).length;
  const counts = [
    `${count('add', 'import')} to add`,
    `${count('change')} to change`,
    `${count('replace', 'may replace')} to replace`,
    `${count('remove')} to remove`,
  ];
  return `${todo.length} of ${stacks.length} stacks: ${counts.join(', ')}.`;
}

function stackText(terminal: Terminal, plan: StackPlan): string {
  const status = plan.status === undefined ? '' : ` (${plan.status})`;
  const lines = [`${styled(terminal, 'bold', plan.stack)}: ${ACTIONS[plan.action]}${status}`];
  if (plan.why !== undefined) lines.push(`  ${plan.why}`);
  if (plan.hint !== undefined) lines.push(`  ${plan.hint}`);
  lines.push(...parameterLines(plan), ...changeLines(terminal, plan.changes));
  for (const note of plan.notes) lines.push(`  note: ${note}`);
  return `${lines.map(visible).join('\n')}\n`;
}

/** What is new or changes; of a new stack also what is not the template's own. */
function parameterLines({ action, parameters }: StackPlan): string[] {
  if (action === 'blocked' || action === 'none') return [];
  const isNew = action !== 'update';
  return parameters
    .filter(({ source, changed }) => (isNew ? source !== 'default' : changed))
    .map((parameter) => `  ${parameterText(parameter)}`);
}

export function parameterText({ name, before, shown, source }: ParameterDecision): string {
  const was = before === undefined || before === shown ? '' : `${before || '(empty)'} -> `;
  return `${name} = ${was}${shown || '(empty)'}${source === 'set' ? '' : ` [${source}]`}`;
}

export function changeLines(terminal: Terminal, changes: readonly ChangeLine[]): string[] {
  return changes.flatMap(({ verb, logicalId, type, properties, losesData }) => {
    const [sign, style] = SIGNS[verb];
    const warning = losesData ? ` ${styled(terminal, 'red', 'DATA IN IT IS LOST TO THE STACK')}` : '';
    return [
      `  ${styled(terminal, style, sign)} ${verb} ${logicalId} (${type})${warning}`,
      ...properties.map((property) => `      ${property}`),
    ];
  });
}

/** What would be deleted, and what would stay. */
export function destroyText(terminal: Terminal, { stacks, left }: DestroyPlan): string {
  const lines = stacks.flatMap(({ stack, status, buckets, services }) => [
    `${styled(terminal, 'red', '-')} ${stack} (${status})`,
    ...(services.length === 0 ? [] : [`    ${services.length} services are stopped first`]),
    ...buckets.map((bucket) => `    s3://${bucket} with everything in it`),
  ]);
  return `${lines.join('\n')}\n${leftText(left)}`;
}

/** What stays, with how to remove it. */
export function leftText(left: readonly LeftOver[]): string {
  if (left.length === 0) return 'Nothing of it stays.\n';
  const lines = left.flatMap(({ as, logicalId, type, physicalId, stack, remove }) => [
    `  ${as === 'snapshot' ? 'a snapshot of ' : ''}${logicalId} of ${stack} (${type}): ${physicalId}`,
    ...(remove === undefined ? [] : [`      remove it with: ${remove}`]),
  ]);
  return `This stays in the account:\n${lines.map(visible).join('\n')}\n`;
}

/** Control characters of the account's words, not those of our colours. */
function visible(line: string): string {
  return line.includes('\u001b')
    ? line
    : line.replace(/^(\s*)(.*)$/s, (_, indent, text) => indent + printable(text));
}
