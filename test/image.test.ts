import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresPrograms, startPostgres } from '../packages/local/test/postgres-server.ts';
import { Container, runInImage } from './support/image/container.ts';
import { ourContainers } from './support/image/containers.ts';
import { pairsOf, parseDockerfile } from './support/image/dockerfile.ts';
import { dockerignore } from './support/image/dockerignore.ts';
import { productionPackages, readLock } from './support/image/production.ts';
import { type ImageTree, layOutImage, makeReadOnly } from './support/image/tree.ts';
import { freePorts } from './support/ports.ts';
import { REPOSITORY } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const manifest = (path: string) =>
  JSON.parse(read(path)) as { version: string; devDependencies: Record<string, string> };

/** 27,000 files, on a busy machine. */
const LAYING_OUT_MS = 180_000;

describe('the Dockerfile', () => {
  const { args, stages } = parseDockerfile(read('Dockerfile'));
  const instructions = stages.flatMap((stage) => stage.instructions);
  const final = stages[stages.length - 1].instructions;
  const textsOf = (name: string) => final.filter((one) => one.name === name).map(({ text }) => text);

  it('begins with the Node.js that the tests run on, on Debian', () => {
    const major = /\d+/.exec(manifest('package.json').devDependencies.node)?.[0];
    expect([...args.keys()]).toEqual(['NODE_IMAGE']);
    for (const { base } of stages) expect(base).toMatch(new RegExp(`/library/node:${major}[.\\d]*-slim$`));
  });

  it('builds on the machine that builds, and runs nothing on another', () => {
    expect(stages.map(({ platform }) => platform)).toEqual(['$BUILDPLATFORM', undefined]);
    expect(textsOf('RUN')).toEqual([]);
  });

  it('fetches nothing but what the lock file names', () => {
    expect(instructions.filter(({ name }) => name === 'ADD')).toEqual([]);
    for (const { name, text } of instructions) {
      if (name === 'RUN') expect(text).not.toMatch(/https?:|curl|wget|apt|npm (?!ci )|npx|sudo/);
    }
  });

  it('is nobody that matters, and node without a shell', () => {
    expect(textsOf('USER')).toEqual(['1000:1000']);
    for (const text of [...textsOf('CMD'), ...textsOf('ENTRYPOINT')]) {
      expect(JSON.parse(text)).toBeInstanceOf(Array);
    }
  });

  it('has no secret among its arguments and variables', () => {
    const named = instructions.filter(({ name }) => name === 'ARG' || name === 'ENV');
    for (const { text } of named) expect(text).not.toMatch(/TOKEN|PASSWORD|SECRET|API_KEY|CREDENTIAL/i);
  });

  it('says its version', () => {
    const labels = Object.fromEntries(pairsOf(textsOf('LABEL')[0]));
    expect(labels['org.opencontainers.image.version']).toBe(manifest('packages/cli/package.json').version);
    expect(labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
  });
});

describe('.dockerignore', () => {
  const ignored = dockerignore(read('.dockerignore'));

  it.each([
    ['package-lock.json', false],
    ['packages/cli/bin/lakewright.js', false],
    ['packages/query/src/sql/engine.ts', false],
    ['packages/infra/grafana/README.md', false],
    ['generated-templates/lakerunner-vpc.yaml', false],
    ['packages/query/src/sql/engine.test.ts', true],
    ['packages/query/node_modules/x/index.js', true],
    ['packages/local/test/postgres-server.ts', true],
    ['packages/refine/image/Dockerfile', true],
    ['test/image.test.ts', true],
    ['.env', true],
    ['.git/config', true],
    ['lakewright-data/lock', true],
    ['terraform/terraform.tfstate', true],
  ])('%s is left out: %s', (path, out) => {
    expect(ignored(path)).toBe(out);
  });
});

describe('the lock file', () => {
  const lock = readLock(REPOSITORY);

  it('has what every platform needs', () => {
    const missing = Object.entries(lock)
      .filter(([, { dev, link }]) => !dev && !link)
      .flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies))
      .filter((name) => !(`node_modules/${name}` in lock));
    expect(missing).toEqual([]);
  });

  it.each(['x64', 'arm64'])('brings the DuckDB of %s, and of no other', (cpu) => {
    const bindings = productionPackages(lock, cpu).filter((path) => path.includes('node-bindings-'));
    expect(bindings).toEqual([`node_modules/@duckdb/node-bindings-linux-${cpu}`]);
  });
});

describe('the image', () => {
  let tree: ImageTree;
  beforeAll(() => {
    tree = layOutImage();
    makeReadOnly(tree);
  }, LAYING_OUT_MS);
  afterAll(() => tree.remove(), LAYING_OUT_MS);
  const at = (path: string) => join(tree.root, path);

  it('holds the product and neither tests nor what only building needs', () => {
    for (const name of ['LICENSE', 'grafana', 'generated-templates', 'packages/cli/src/main.ts']) {
      expect(existsSync(at(`app/${name}`)), name).toBe(true);
    }
    for (const name of ['aws-cdk-lib', 'constructs', 'vitest', 'typescript', 'esbuild', 'node', '@biomejs']) {
      expect(existsSync(at(`app/node_modules/${name}`)), name).toBe(false);
    }
    expect(globSync(`${at('app/packages')}/**/*.test.ts`)).toEqual([]);
  });

  it('has the sources outside of node_modules, where Node.js runs TypeScript', () => {
    expect(realpathSync(at('app/node_modules/lakewright'))).toBe(realpathSync(at('app/packages/cli')));
    expect(realpathSync(at('app/bin/lakewright'))).toBe(
      realpathSync(at('app/packages/cli/bin/lakewright.js')),
    );
  });

  it('runs lakewright by its name', async () => {
    const { version } = manifest('packages/cli/package.json');
    expect(await runInImage(tree, ['lakewright', '--version'])).toEqual({
      ...{ code: 0, stdout: `${version}\n`, stderr: '' },
    });
    expect(await runInImage(tree, [])).toMatchObject({ code: 0 });
  });

  it('can be written to in /scratch alone', async () => {
    const touch = (path: string) => runInImage(tree, ['touch', path]);
    expect(await touch('here')).toMatchObject({ code: 1 });
    expect(await touch(at('app/node_modules/x'))).toMatchObject({ code: 1 });
    expect(await touch(at('scratch/x'))).toMatchObject({ code: 0 });
  });

  it('loads for the health command nothing that services need', async () => {
    const hook =
      'import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) ' +
      '{ process.stderr.write(url + "\\n"); return next(url, context); } })';
    const command = ['node', '--import', `data:text/javascript,${encodeURIComponent(hook)}`];
    const { stderr } = await runInImage(tree, [...command, 'bin/lakewright', 'sysinfo', '--check']);
    const loaded = [...stderr.matchAll(/^file:.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/gm)];
    expect(stderr).toContain('/packages/cli/src/main.ts');
    expect(new Set(loaded.map(([, name]) => name))).toEqual(new Set(['commander', 'mime', 'ulid']));
  });

  it('loads DuckDB', async () => {
    const script = "import('@duckdb/node-api').then(({ version }) => console.log(version()))";
    const { code, stdout } = await runInImage(tree, ['node', '-e', script]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^v\d/)]);
  });

  it('holds the commands and the health commands of the templates, and can be run as they run it', async () => {
    for (const { name, command = tree.command, health, ports, readonlyRoot, mounts } of ourContainers()) {
      for (const words of [command, ...(health === undefined ? [] : [health])]) {
        expect((await runInImage(tree, ['sh', '-c', 'command -v "$0"', words[0]])).code, name).toBe(0);
        for (const path of words.slice(1).filter((word) => word.startsWith('/app/'))) {
          expect(existsSync(at(path)), `${name}: ${path}`).toBe(true);
        }
      }
      expect(tree.ports, name).toEqual(expect.arrayContaining([...ports]));
      if (readonlyRoot) expect(mounts, name).toContain('/scratch');
    }
  });

  const programs = postgresPrograms();
  it.skipIf(programs === undefined)('sets up, serves, is healthy, and ends at SIGTERM', async () => {
    const postgres = await startPostgres(programs ?? '');
    const [health, port] = (await freePorts(2)).map(String);
    const env = {
      ...{ DATABASE_URL: postgres.url, HEALTH_CHECK_PORT: health, QUERY_WORKER_PORT: port },
      TOKEN_HMAC256_KEY: 'k'.repeat(32),
    };
    const check = ['lakewright', 'sysinfo', '--check'];
    let worker: Container | undefined;
    try {
      const { code, stderr } = await runInImage(tree, ['lakewright', 'setup'], env);
      expect(code, stderr).toBe(0);
      const service = new Container(tree, ['lakewright', 'service', 'query-worker'], env);
      worker = service;
      await waitFor('health', async () => !service.running || (await service.exec(check)).code === 0);
      expect(service.running, service.log).toBe(true);
      expect(await service.end('SIGTERM'), service.log).toBe(0);
      expect(await runInImage(tree, check, env)).toMatchObject({ code: 1 });
    } finally {
      await worker?.end('SIGKILL');
      postgres.stop();
    }
  });
});
