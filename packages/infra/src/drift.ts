import { HEADER } from './template-yaml.ts';

export type Drift = 'missing' | 'changed' | 'left over';

/**
 * What sets the files of a directory apart from what synth makes, by file name in order. `present` are the texts of the
 * directory's YAML files. A file that synth has not made is nobody's business here.
 */
export function drift(
  made: ReadonlyMap<string, string>,
  present: ReadonlyMap<string, string>,
): Map<string, Drift> {
  const found = new Map<string, Drift>();
  for (const [file, text] of made) {
    const there = present.get(file);
    if (there !== text) found.set(file, there === undefined ? 'missing' : 'changed');
  }
  for (const [file, text] of present) {
    if (!made.has(file) && text.startsWith(HEADER)) found.set(file, 'left over');
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)));
}
