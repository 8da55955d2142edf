import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether a path of the build context is left out: the last pattern that matches it, or a folder that it is in,
 * decides, and `!` takes back in.
 */
export function dockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignored: !line.startsWith('!'), pattern: regexOf(line.replace(/^!?\/?/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    const last = rules.findLast(({ pattern }) => prefixes.some((prefix) => pattern.test(prefix)));
    return last?.ignored ?? false;
  };
}

/** `*` within a name, `**` over any number of folders; nothing else of Go's patterns is used here. */
function regexOf(pattern: string): RegExp {
  if (/[?[\\]/.test(pattern)) throw new Error(`the tests do not know ${pattern} in a .dockerignore`);
  const source = pattern
    .replace(/[.+^${}()|]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, (stars) => (stars === '*' ? '[^/]*' : stars === '**' ? '.*' : '(?:.*/)?'));
  return new RegExp(`^${source}$`);
}

/** The files of a build context below `from`, relative to `root`; those that are left out are not among them. */
export function contextFiles(root: string, from: string, isIgnored: (path: string) => boolean): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      // Docker walks into them; nothing of ours takes files back in below them, and they are large.
      if (entry.name === 'node_modules' || entry.name === '.git') continue;
      if (entry.isDirectory()) visit(child);
      else if (!isIgnored(child)) found.push(child);
    }
  };
  visit(from);
  return found;
}
