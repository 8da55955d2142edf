import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import { REPOSITORY } from './support/runtime.ts';

const SCRIPT = join(REPOSITORY, 'update-images.sh');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lakewright-update-images-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that writes down its arguments, one in a line, and ends with EXIT_CODE. */
function recorder(path: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" >"${directory}/arguments"\nexit "\${EXIT_CODE:-0}"\n`);
  chmodSync(path, 0o755);
}

function run(args: readonly string[], env: Record<string, string> = {}, script = SCRIPT) {
  const { status, stderr } = spawnSync('sh', [script, ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: `${directory}/bin:/usr/bin:/bin`, ...env },
  });
  const recorded = join(directory, 'arguments');
  return {
    status,
    stderr,
    args: existsSync(recorded) ? readFileSync(recorded, 'utf8').split('\n').slice(0, -1) : [],
  };
}

test.each([
  [['lakerunner-services', 'services']],
  [['lakerunner-migration', 'migration', '--yes']],
  [['lakerunner-setup', 'setup', '--image', 'me/lakewright:1', '--set', 'Cpu=1024']],
  [['lakerunner-services', 'services', '--set', 'A=two words *', '--set', "B=it's $HOME"]],
])('%j goes to lakewright as it is', (args) => {
  recorder(join(directory, 'bin/lakewright'));
  expect(run(args)).toEqual({ status: 0, stderr: '', args: ['aws', 'update-images', ...args] });
});

test.each([
  [[]],
  [['lakerunner-services']],
  [['lakerunner-services', 'vpc']],
  [['--yes', 'services']],
  [['', 'setup']],
])('%j is wrong usage', (args) => {
  recorder(join(directory, 'bin/lakewright'));
  const { status, stderr, args: called } = run(args);
  expect([status, called]).toEqual([2, []]);
  expect(stderr).toContain('usage: update-images.sh STACK services|migration|setup');
});

it('ends as lakewright does', () => {
  recorder(join(directory, 'bin/lakewright'));
  expect(run(['lakerunner-services', 'services'], { EXIT_CODE: '1' }).status).toBe(1);
});

it("runs the repository's own where none is on PATH, and says what to do where that is not installed", () => {
  const script = join(directory, 'a copy/update-images.sh');
  mkdirSync(join(directory, 'a copy'));
  copyFileSync(SCRIPT, script);
  const missing = run(['lakerunner-services', 'services'], {}, script);
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain(`run npm ci in ${directory}/a copy`);

  mkdirSync(join(directory, 'a copy/node_modules'));
  recorder(join(directory, 'a copy/packages/cli/bin/lakewright.js'));
  const { status, args } = run(['lakerunner-services', 'services'], {}, script);
  expect([status, args]).toEqual([0, ['aws', 'update-images', 'lakerunner-services', 'services']]);
});

const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
it.skipIf(!shellcheck)('has nothing that shellcheck remarks on', () => {
  const { status, stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});
