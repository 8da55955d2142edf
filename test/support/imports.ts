/** Packages from the top of the house to its ground: imports run downwards only. */
export const FLOORS = [
  'cli',
  'infra',
  'deploy',
  'refine',
  'query',
  'lake',
  'otlp',
  'aws',
  'local',
  'core',
] as const;

/** Packages that know ports and never an adapter. */
const DOMAIN = ['infra', 'deploy', 'refine', 'query', 'lake', 'otlp'];
const ADAPTERS = ['aws', 'local'];

/** Packages for those who build the house: what they need is not in an installation without development tools. */
const DEVELOPMENT = ['infra'];

export interface SourceFile {
  /** Inside the repository, `/`-separated. */
  readonly path: string;
  readonly text: string;
}

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every module that a source imports or exports from, statically or not. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const patterns = [
    /^\s*(?:import|export)\s[^'"`;]*?\sfrom\s*['"]([^'"\n]+)['"]/gm,
    /^\s*import\s*['"]([^'"\n]+)['"]/gm,
    /\bimport\s*\(\s*['"]([^'"\n]+)['"]/g,
  ];
  return [...new Set(patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1])))];
}

/**
 * What is wrong with the imports of `files` (of packages/<name>/src), one line for each fault: the
 * direction, the door, and the declaration in the package's manifest. Tests may also use what the
 * repository's own manifest declares, other packages' `test` folders and `test/support`.
 */
export function violations(
  files: readonly SourceFile[],
  manifests: Readonly<Record<string, Manifest>>,
  root: Manifest,
): string[] {
  return files.flatMap((file) =>
    importsOf(file.text).flatMap((specifier) => {
      const fault = faultOf(file.path, specifier, manifests, root);
      return fault === undefined ? [] : [`${file.path}: ${specifier}: ${fault}`];
    }),
  );
}

function faultOf(
  path: string,
  specifier: string,
  manifests: Readonly<Record<string, Manifest>>,
  root: Manifest,
): string | undefined {
  const own = path.split('/')[1];
  const test = /\.test\.ts$|\/testing\//.test(path);
  if (specifier.startsWith('.')) return relativeFault(path, specifier, test);
  if (specifier.startsWith('node:')) return undefined;
  const [scope, name, ...rest] = specifier.split('/');
  if (scope === '@lakewright') {
    // A package may hold a second door for the tests of the others, as its manifest says.
    const testDoor = test && rest.length === 1 && rest[0] === 'testing';
    if (rest.length > 0 && !testDoor) return 'goes past the package index';
    const fault = directionFault(own, name);
    if (fault !== undefined) return fault;
  }
  const dependency = specifier.startsWith('@') ? `${scope}/${name}` : scope;
  if (dependency in (manifests[own]?.dependencies ?? {})) return undefined;
  const { devDependencies } = manifests[own] ?? {};
  if (DEVELOPMENT.includes(own) && dependency in (devDependencies ?? {})) return undefined;
  if (test && dependency in { ...devDependencies, ...root.devDependencies }) return undefined;
  return `is not declared in packages/${own}/package.json`;
}

function relativeFault(path: string, specifier: string, test: boolean): string | undefined {
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const [packages, own] = path.split('/');
  if (target.startsWith(`${packages}/${own}/src/`)) return undefined;
  if (target === `${packages}/${own}/package.json`) return undefined;
  if (test && /^(packages\/[^/]+\/test|test\/support)\//.test(target)) return undefined;
  return "leaves the package's own sources";
}

function directionFault(from: string, to: string): string | undefined {
  const floors: readonly string[] = FLOORS;
  if (!floors.includes(from)) return `packages/${from} has no floor in test/support/imports.ts`;
  if (floors.indexOf(to) <= floors.indexOf(from)) return `${from} may not import ${to}`;
  if (DOMAIN.includes(from) && ADAPTERS.includes(to)) return `${from} may not import an adapter`;
  return undefined;
}
