import { expect, it } from 'vitest';
import { leaveOutNegativeTimeouts } from './negative-timeouts.ts';

it('leaves out one kind of warning, and only until it is told otherwise', () => {
  const heard: string[] = [];
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    heard.push(`${rest[0]}: ${warning}`);
  };
  try {
    const stub = process.emitWarning;
    const warnAgain = leaveOutNegativeTimeouts();
    process.emitWarning('-5 is a negative number', 'TimeoutNegativeWarning');
    process.emitWarning('old', 'DeprecationWarning');
    warnAgain();
    expect(process.emitWarning).toBe(stub);
    process.emitWarning('-6 is a negative number', 'TimeoutNegativeWarning');
    expect(heard).toEqual(['DeprecationWarning: old', 'TimeoutNegativeWarning: -6 is a negative number']);
  } finally {
    process.emitWarning = emitWarning;
  }
});
