import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDirectory } from './support/lake-process.ts';
import { NODE, REPOSITORY } from './support/runtime.ts';

/** A filter that fits no test file, so that a suite which runs has nothing to do. */
const NO_TEST = 'no-file-has-this-name';
const PROGRAMS = ['moto_server', 'aws', 'cfn-lint', 'terraform'];

function run(directory: string, env: Record<string, string> = {}) {
  return spawnSync(NODE, [join(REPOSITORY, 'test/aws-suite.ts'), '--passWithNoTests', NO_TEST], {
    encoding: 'utf8',
    env: { PATH: directory, HOME: directory, TF_PLUGIN_DIR: directory, ...env },
  });
}

function put(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
}

function provider(directory: string): string {
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return join(
    directory,
    'registry.terraform.io/hashicorp/aws/5.100.0',
    platform,
    'terraform-provider-aws_v5',
  );
}

describe('npm run test:aws', () => {
  it('names everything that is missing and how to get it', async () => {
    await withDirectory(async (directory) => {
      const { status, stderr, stdout } = run(directory);
      expect(status).toBe(1);
      expect(stdout).toBe('');
      for (const program of PROGRAMS)
        expect(stderr).toMatch(new RegExp(`${program} is not on PATH. Get it: `));
      expect(stderr).toMatch(
        /AWS provider 5.x is not there \(looked in .*\). Get it: terraform providers mirror/,
      );
    });
  });

  it('does not run with one thing missing', async () => {
    await withDirectory(async (directory) => {
      for (const program of PROGRAMS) put(join(directory, program));
      const { status, stderr } = run(directory);
      expect(status).toBe(1);
      expect(stderr.match(/Get it/g)).toHaveLength(1);
    });
  });

  it('runs the suite with its arguments when all is there', async () => {
    await withDirectory(async (directory) => {
      for (const program of PROGRAMS) put(join(directory, program));
      put(provider(directory));
      const { status, stdout, stderr } = run(directory);
      expect(status).toBe(0);
      expect(stdout + stderr).toMatch(/No test files found/);
      expect(stdout + stderr).toContain(NO_TEST);
    });
  });
});
