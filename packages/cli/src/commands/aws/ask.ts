import { createInterface } from 'node:readline/promises';
import { UsageError } from '../../errors.ts';

/**
 * Asks the person at the terminal and answers the line. Throws UsageError when nobody is there to answer; `what` says
 * what is not done then.
 */
export async function ask(question: string, what: string, signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY !== true) {
    throw new UsageError(`${what} asks first, and there is no terminal to ask at`, {
      hint: 'look at what would be done, then use --yes',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question, { signal })).trim();
  } catch (error) {
    if (signal.aborted) return '';
    throw error;
  } finally {
    lines.close();
  }
}

/** Whether the person says yes, in so many letters. */
export async function agrees(question: string, what: string, signal: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, what, signal));
}
