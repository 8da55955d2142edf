import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderTables } from '../docs/render-tables.ts';
import { REPOSITORY } from './support/runtime.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

describe('the documentation', () => {
  it('describes the tables as they are (npm run docs rebuilds it)', () => {
    expect(read('docs/tables.md')).toBe(renderTables());
  });

  it.each([
    'README.md',
    'docs/sending.md',
    'docs/asking.md',
    'docs/iceberg.md',
    'docs/limits.md',
    'docs/operating.md',
    'docs/how-it-works.md',
    'docs/benchmarks.md',
    'docs/refine.md',
    'docs/services.md',
    ...globSync('docs/aws/*.md', { cwd: REPOSITORY }).sort(),
    ...globSync('README-*.md', { cwd: REPOSITORY }).sort(),
    'docs/dead-letters.md',
    'terraform/README.md',
    'gitlab/README.md',
  ])('%s links to files that are there', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target);
    const missing = links.filter((target) => !existsSync(join(REPOSITORY, dirname(page), target)));
    expect(missing).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [
      ...read('README.md').matchAll(
        /npm (?:run )?(test:[a-z]+|test|start|typecheck|lint|format|bench|docs)\b/g,
      ),
    ];
    expect(named.length).toBeGreaterThan(5);
    expect(named.map(([, script]) => script).filter((script) => !(script in scripts))).toEqual([]);
  });

  it('lets .ci/run call exactly the test commands of the README', () => {
    const called = [...read('.ci/run').matchAll(/^step npm (?:run )?([a-z:]+)/gm)].map(
      ([, script]) => script,
    );
    expect(called).toEqual(['ci', 'typecheck', 'lint', 'test', 'test:kill', 'test:captures', 'test:aws']);
    for (const script of called.slice(1))
      expect(read('README.md')).toMatch(new RegExp(`npm (run )?${script}\\b`));
  });
});
