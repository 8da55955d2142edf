import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { waitFor } from '../../../../../test/support/wait.ts';

const run = promisify(execFile);
const SCRIPTS = fileURLToPath(new URL('../../../grafana', import.meta.url));

let directory: string;
let home: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'grafana-')));
  home = join(directory, 'lib', 'grafana');
  mkdirSync(home, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
}

async function reset(token: string | undefined, env: Record<string, string> = {}): Promise<Outcome> {
  const { PATH } = process.env;
  const variables = { PATH, GRAFANA_HOME: home, ...env };
  try {
    await run('sh', [join(SCRIPTS, 'reset.sh')], {
      env: token === undefined ? variables : { ...variables, GRAFANA_RESET_TOKEN: token },
    });
    return { code: 0, stderr: '' };
  } catch (error) {
    const { code, stderr } = error as { code: number | null; stderr: string };
    return { code, stderr };
  }
}

/** What Grafana has after it ran for a while. */
function used(): void {
  mkdirSync(join(home, 'data', 'plugins', '.hidden'), { recursive: true });
  writeFileSync(join(home, 'data', 'grafana.db'), 'users');
  writeFileSync(join(home, 'data', '.state'), 'more');
}

const isUsed = () => existsSync(join(home, 'data', 'grafana.db'));
const isEmpty = () => readdirSync(join(home, 'data')).length === 0;

describe('the token', () => {
  test.each<[string, (string | undefined)[], boolean]>([
    ['none at all', [undefined], true],
    ['an empty one', [''], true],
    ['the first one', ['a'], false],
    ['another one', ['a', 'b'], false],
    ['the last one', ['a', 'a'], true],
    ['an empty one after one', ['a', ''], true],
    ['the last one after an empty one', ['a', '', 'a'], true],
    ['another one after an empty one', ['a', '', 'b'], false],
    ['one from before the last', ['a', 'b', 'a'], false],
  ])('%s', async (_what, tokens, kept) => {
    for (const token of tokens) {
      used();
      expect(await reset(token)).toEqual({ code: 0, stderr: '' });
    }
    expect(isUsed()).toBe(kept);
    expect(isEmpty()).toBe(!kept);
  });

  test.each([
    ' ',
    '-n',
    '--',
    '*',
    '$(touch here)',
    '`touch here`',
    "a'b",
    'a"b',
    'a\\nb',
    'a\nb',
    'a\n',
    '\n',
    '%s%d',
    'größer 日本',
    '/etc/passwd',
    'x'.repeat(256),
  ])('%j is a token as any other', async (token) => {
    used();
    expect(await reset(token)).toEqual({ code: 0, stderr: '' });
    expect(isEmpty()).toBe(true);
    used();
    expect(await reset(token)).toEqual({ code: 0, stderr: '' });
    expect(isUsed()).toBe(true);
    expect(await reset(`${token}.`)).toEqual({ code: 0, stderr: '' });
    expect(isEmpty()).toBe(true);
    expect(readdirSync(home).sort()).toEqual(['.reset-token', 'data']);
  });

  it('leaves what is not Grafana’s, and makes the directory of a first start', async () => {
    writeFileSync(join(home, 'other'), 'x');
    await reset('a');
    await reset('b');
    expect(readdirSync(home).sort()).toEqual(['.reset-token', 'data', 'other']);
  });
});

describe('links', () => {
  it('inside the data are deleted, and where they lead is not', async () => {
    used();
    mkdirSync(join(directory, 'elsewhere'));
    writeFileSync(join(directory, 'elsewhere', 'file'), 'x');
    symlinkSync(join(directory, 'elsewhere'), join(home, 'data', 'link'));
    expect(await reset('a')).toMatchObject({ code: 0 });
    expect(isEmpty()).toBe(true);
    expect(existsSync(join(directory, 'elsewhere', 'file'))).toBe(true);
  });

  test.each(['data', '.reset-token', '.reset'])('in place of %s are refused', async (name) => {
    mkdirSync(join(directory, 'elsewhere'));
    writeFileSync(join(directory, 'elsewhere', 'file'), 'x');
    symlinkSync(join(directory, 'elsewhere'), join(home, name));
    const { code, stderr } = await reset('a');
    expect(code).toBe(1);
    expect(stderr).toContain('is a link');
    expect(existsSync(join(directory, 'elsewhere', 'file'))).toBe(true);
  });
});

test.each<[string, () => string]>([
  ['nothing', () => ''],
  ['the root', () => '/'],
  ['a directory of the root', () => '/tmp'],
  ['a relative path', () => 'lib/grafana'],
  ['a path that climbs', () => `${home}/../grafana`],
  ['a slash too many', () => `${home}/`],
  ['what is not there', () => `${home}/nowhere`],
  [
    'a link',
    () => {
      symlinkSync(home, join(directory, 'link'));
      return join(directory, 'link');
    },
  ],
])('a home that is %s is refused', async (_what, path) => {
  used();
  const { code, stderr } = await reset('a', { GRAFANA_HOME: path() });
  expect(code).toBeGreaterThan(0);
  expect(stderr).not.toBe('');
  expect(isUsed()).toBe(true);
});

describe('killed in the middle', () => {
  /** Programs that kill the script that calls them at the `call`th call, before or after they have worked. */
  function killers(call: number, when: 'before' | 'after'): Record<string, string> {
    const bin = join(directory, `bin-${call}-${when}`);
    mkdirSync(bin);
    const count = join(bin, 'count');
    for (const program of ['mkdir', 'mv', 'rm']) {
      const die = `[ "$(wc -l <'${count}')" -ne ${call} ] || kill -9 $PPID`;
      const real = `PATH='${process.env.PATH}' ${program} "$@"`;
      const steps = when === 'before' ? [die, real] : [real, die];
      // A killed script works no more: what it called does nothing either when it is to die before.
      const body =
        when === 'before'
          ? `${die.replace('kill -9 $PPID', '{ kill -9 $PPID; exit 1; }')}\n${real}`
          : steps.join('\n');
      writeFileSync(join(bin, program), `#!/bin/sh\necho >>'${count}'\n${body}\n`);
      chmodSync(join(bin, program), 0o755);
    }
    return { PATH: `${bin}:${process.env.PATH}` };
  }

  /** The calls of a reset: it makes a place, moves the data there, remembers the token, removes the place, and makes data/ anew. */
  const CALLS = [1, 2, 3, 4, 5];
  const MOMENTS = CALLS.flatMap((call) =>
    (['before', 'after'] as const).map((when) => [call, when] as const),
  );

  test.each(MOMENTS)('at call %i, %s it: the same token completes it, and only once', async (call, when) => {
    used();
    await reset('old');
    used();
    expect((await reset('new', killers(call, when))).code).not.toBe(0);
    expect(await reset('new')).toEqual({ code: 0, stderr: '' });
    expect(isEmpty()).toBe(true);
    expect(readFileSync(join(home, '.reset-token'), 'utf8')).toBe('new');
    used();
    await reset('new');
    expect(isUsed()).toBe(true);
    expect(readdirSync(home).sort()).toEqual(['.reset-token', 'data']);
  });

  test.each(MOMENTS)('at call %i, %s it: without a token all is there or nothing', async (call, when) => {
    used();
    await reset('new', killers(call, when));
    expect(await reset('')).toEqual({ code: 0, stderr: '' });
    const happened = !isUsed();
    expect(isEmpty()).toBe(happened);
    expect(existsSync(join(home, '.reset-token'))).toBe(happened);
    used();
    await reset('new');
    // What happened is not done again to the users that came since.
    expect(isUsed()).toBe(happened);
  });

  test('there are no other calls', async () => {
    used();
    const env = killers(99, 'after');
    await reset('new', env);
    const count = readFileSync(join(env.PATH.split(':')[0], 'count'), 'utf8');
    expect(count.split('\n').length - 1).toBe(CALLS.length);
  });
});

describe.skipIf(process.platform !== 'linux')('init.sh', () => {
  it('puts the provisioning where Grafana sees it, after the Grafana before it has ended', async () => {
    used();
    const config = join(directory, 'config');
    mkdirSync(config);
    const lock = join(home, '.lock');
    const old = spawn('sh', ['-c', 'exec 9>>"$1"; flock 9; echo locked; cat', 'sh', lock], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(old.stdout, 'data');
    const env = {
      PATH: process.env.PATH,
      GRAFANA_HOME: home,
      GRAFANA_CONFIG: config,
      GRAFANA_RESET_TOKEN: 'a',
    };
    const init = spawn('sh', [join(SCRIPTS, 'init.sh')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const waiter = new RegExp(`-> FLOCK .*:${statSync(lock).ino} `);
    await waitFor('the lock', () => waiter.test(readFileSync('/proc/locks', 'utf8')));
    expect(isUsed()).toBe(true);
    old.stdin.end();
    expect(await once(init, 'exit')).toEqual([0, null]);
    expect(isEmpty()).toBe(true);
    expect(readdirSync(config).sort()).toEqual(['dashboards', 'provisioning', 'run.sh']);
    expect(readdirSync(join(config, 'provisioning')).sort()).toEqual(['dashboards', 'datasources']);
  });
});

test.each(['reset.sh', 'init.sh', 'run.sh'])('%s is a script of POSIX', async (script) => {
  await run('sh', ['-n', join(SCRIPTS, script)]);
});
