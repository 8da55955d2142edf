import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkTree } from './link-tree.ts';

interface Locked {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type Lock = Readonly<Record<string, Locked>>;

/** The packages of the lock file, by the folder in which npm puts them. */
export function readLock(repository: string): Lock {
  const text = readFileSync(join(repository, 'package-lock.json'), 'utf8');
  return (JSON.parse(text) as { packages: Lock }).packages;
}

/** What `npm ci --omit=dev` installs on Linux with glibc and this processor: the folders of packages. */
export function productionPackages(lock: Lock, cpu: string): string[] {
  const fits = (given: readonly string[] | undefined, mine: string) => given?.includes(mine) ?? true;
  return Object.entries(lock)
    .filter(([path, { dev }]) => path.startsWith('node_modules/') && dev !== true)
    .filter(([, entry]) => fits(entry.os, 'linux') && fits(entry.cpu, cpu) && fits(entry.libc, 'glibc'))
    .map(([path]) => path);
}

/**
 * Installs below `target` what `npm ci --omit=dev` would, from what is installed in `repository`: no network.
 * Throws Error when a package is missing there; an optional one may be.
 */
export function installProduction(repository: string, target: string): void {
  const lock = readLock(repository);
  for (const path of productionPackages(lock, process.arch)) {
    const { link, resolved = '', optional } = lock[path];
    const to = join(target, path);
    mkdirSync(dirname(to), { recursive: true });
    if (link === true) {
      const up = path.split('/').slice(1).fill('..').join('/');
      symlinkSync(join(up, resolved), to);
      continue;
    }
    const from = join(repository, path);
    if (!existsSync(from)) {
      if (optional === true) continue;
      throw new Error(`${path} is not installed: run npm ci`);
    }
    // Packages within it have lines of their own in the lock file.
    linkTree(from, to, 'node_modules');
  }
}
