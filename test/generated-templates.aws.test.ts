import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from './support/runtime.ts';

const TEMPLATES = join(REPOSITORY, 'generated-templates');

/** What cfn-lint says, errors and warnings alike; its exit code is 0 only when it says nothing. */
function lint(file: string): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'cfn-lint',
      ['--non-zero-exit-code', 'warning', '--', file],
      (_error, stdout, stderr) => resolve({ code: child.exitCode, said: stdout + stderr }),
    );
  });
}

it.each(readdirSync(TEMPLATES))('cfn-lint has nothing to say about %s', async (file) => {
  expect(await lint(join(TEMPLATES, file))).toEqual({ code: 0, said: '' });
});
