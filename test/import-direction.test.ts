import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLOORS, importsOf, type Manifest, violations } from './support/imports.ts';
import { REPOSITORY } from './support/runtime.ts';

function manifestAt(path: string): Manifest {
  return JSON.parse(readFileSync(join(REPOSITORY, path), 'utf8')) as Manifest;
}

const packages = globSync('packages/*/package.json', { cwd: REPOSITORY }).map((path) => path.split('/')[1]);
const manifests = Object.fromEntries(
  packages.map((name) => [name, manifestAt(`packages/${name}/package.json`)]),
);

describe('imports', () => {
  it('run one way, through the package index, and are declared', () => {
    const files = globSync('packages/*/src/**/*.ts', { cwd: REPOSITORY }).map((path) => ({
      path,
      text: readFileSync(join(REPOSITORY, path), 'utf8'),
    }));
    expect(files.length).toBeGreaterThan(50);
    expect(violations(files, manifests, manifestAt('package.json'))).toEqual([]);
  });

  it('know every package and its dependencies', () => {
    expect([...packages].sort()).toEqual([...FLOORS].sort());
  });
});

describe('importsOf', () => {
  it.each<[string, string[]]>([
    ["import { a } from 'a';", ['a']],
    ["import type { A } from '@x/a';", ['@x/a']],
    ["import a, { type B } from './a.ts';", ['./a.ts']],
    ["import {\n  a,\n  b,\n} from 'a';\n", ['a']],
    ["export * from './a.ts';\nexport { b } from './b.ts';", ['./a.ts', './b.ts']],
    ["import 'side-effect';", ['side-effect']],
    ["const a = await import('a');", ['a']],
    ["// import a from 'a';\n/* import b from 'b'; */", []],
    ["export const from = 'x';\nconst text = 'is from ';", []],
  ])('%j', (source, expected) => {
    expect(importsOf(source)).toEqual(expected);
  });
});

describe('violations', () => {
  const declared = {
    core: { name: '@lakewright/core', dependencies: {} },
    lake: {
      name: '@lakewright/lake',
      dependencies: { '@lakewright/otlp': '1', '@lakewright/local': '1', csv: '1' },
    },
    cli: { name: 'lakewright', dependencies: { '@lakewright/local': '1', '@scope/x': '1' } },
  };
  const root = { name: 'root', devDependencies: { vitest: '1' } };
  it.each<[string, string, RegExp | undefined]>([
    ['packages/lake/src/a.ts', '@lakewright/otlp', undefined],
    ['packages/lake/src/a.ts', 'node:fs', undefined],
    ['packages/lake/src/a.ts', 'csv/sync', undefined],
    ['packages/lake/src/a/b.ts', '../c.ts', undefined],
    ['packages/cli/src/a.ts', '@lakewright/local', undefined],
    ['packages/cli/src/a.ts', '@scope/x/y', undefined],
    ['packages/lake/src/a.test.ts', 'vitest', undefined],
    ['packages/lake/src/a.test.ts', '../../otlp/test/proto.ts', undefined],
    ['packages/lake/src/a.test.ts', '@lakewright/otlp/testing', undefined],
    ['packages/cli/src/a.ts', '../package.json', undefined],
    ['packages/lake/src/a.ts', '@lakewright/otlp/testing', /past the package index/],
    ['packages/lake/src/a.ts', '@lakewright/local', /may not import an adapter/],
    ['packages/lake/src/a.ts', '@lakewright/query', /lake may not import query/],
    ['packages/lake/src/a.test.ts', '@lakewright/query', /lake may not import query/],
    ['packages/core/src/a.ts', '@lakewright/lake', /core may not import lake/],
    ['packages/lake/src/a.ts', '@lakewright/otlp/src/wire/writer.ts', /past the package index/],
    ['packages/lake/src/a.ts', '../../otlp/src/index.ts', /leaves the package/],
    ['packages/lake/src/a.test.ts', '../../otlp/src/index.ts', /leaves the package/],
    ['packages/lake/src/a.ts', 'vitest', /not declared in packages\/lake\/package.json/],
    ['packages/lake/src/a.ts', '@lakewright/core', /not declared/],
    ['packages/lake/src/a.ts', 'fs', /not declared/],
    ['packages/console/src/a.ts', '@lakewright/core', /has no floor/],
  ])('%s importing %s', (path, specifier, fault) => {
    const found = violations([{ path, text: `import '${specifier}';` }], declared, root);
    if (fault === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringMatching(fault)]);
  });
});
