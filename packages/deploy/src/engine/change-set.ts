import { BadInputError, type ChangeSet, type ChangeSetRequest } from '@lakewright/core';
import { type Engine, poll } from './engine.ts';
import { StackFailedError } from './errors.ts';

/** CloudFormation's two wordings for a change set with nothing in it. */
const NO_CHANGES = /didn't contain changes|No updates are to be performed/i;

/**
 * Makes a change set and waits for it; undefined when there is nothing to change, and then the empty one is deleted.
 * Throws StackFailedError for one that cannot be made, which is deleted too.
 */
export async function makeChangeSet(
  engine: Engine,
  request: Omit<ChangeSetRequest, 'name'>,
): Promise<ChangeSet | undefined> {
  let id: string;
  try {
    id = await engine.stacks.createChangeSet({ ...request, name: nameAt(engine.now()) });
  } catch (error) {
    if (error instanceof BadInputError && NO_CHANGES.test(error.message)) return undefined;
    throw error;
  }
  const made = await madeSet(engine, id, request.stack);
  if (made.status === 'CREATE_COMPLETE') return made;
  await engine.stacks.deleteChangeSet(made.id);
  const reason = made.reason ?? 'CloudFormation does not say why';
  if (NO_CHANGES.test(reason)) return undefined;
  throw new StackFailedError(
    request.stack,
    `what changes in ${request.stack} could not be worked out: ${reason}`,
  );
}

/** Waits for a change set; one that nobody waits for any longer is deleted. */
async function madeSet(engine: Engine, id: string, stack: string): Promise<ChangeSet> {
  try {
    return await poll(engine, `working out what changes in ${stack}`, async () => {
      const set = await engine.stacks.changeSet(id);
      return set.status === 'CREATE_COMPLETE' || set.status === 'FAILED' ? set : undefined;
    });
  } catch (error) {
    // What ended the waiting is told; a change set that stays does nothing.
    await engine.stacks.deleteChangeSet(id).catch(() => undefined);
    throw error;
  }
}

/** Whether `ask` says yes to a change set; when it does not, or nobody could be asked, the set is deleted. */
export async function agreedOn(
  engine: Engine,
  set: ChangeSet,
  ask: () => Promise<boolean>,
): Promise<boolean> {
  let yes = false;
  try {
    yes = await ask();
    return yes;
  } finally {
    if (!yes) await engine.stacks.deleteChangeSet(set.id);
  }
}

const NAME = /^lakewright-\d{17}-/;

/** Whether a change set has a name as this module gives. */
export function isOurChangeSet(name: string): boolean {
  return NAME.test(name);
}

/** Each try has a name of its own: two people at once do not execute each other's. */
function nameAt(ms: number): string {
  const time = new Date(ms).toISOString().replaceAll(/[^0-9]/g, '');
  return `lakewright-${time}-${Math.random().toString(36).slice(2, 8)}`;
}
