import { InvalidArgumentError } from 'commander';

/** The system that is installed: there is one by now. */
export function lakerunner(text: string): string {
  if (text === 'lakerunner') return text;
  throw new InvalidArgumentError('There is one system: lakerunner.');
}
