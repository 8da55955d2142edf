import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lakewright } from '../test/harness.ts';

const COMMITTED = join(import.meta.dirname, '../../../generated-templates');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synth-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Node's own hook, by which the CDK is not there. */
const WITHOUT_CDK = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(name, context, next) {
    if (!name.startsWith('aws-cdk-lib')) return next(name, context);
    throw Object.assign(new Error("Cannot find package 'aws-cdk-lib'"), { code: 'ERR_MODULE_NOT_FOUND' });
  },
});`;

const synth = (...args: string[]) => lakewright(['synth', '--out', directory, ...args]);

describe('synth', () => {
  it('has written what is in generated-templates/ (npx lakewright synth writes it anew)', async () => {
    const { code, stderr } = await lakewright(['synth', '--check', '--out', COMMITTED]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('writes every template, and finds nothing to do afterwards', async () => {
    expect(await synth()).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(directory)).sort()).toEqual((await readdir(COMMITTED)).sort());
    const again = await synth();
    expect(again.stdout).toMatch(/^\d+ templates in .* are up to date\n$/);
  });

  it('names what was changed, what is missing and what is left over, and mends it', async () => {
    await synth();
    const vpc = join(directory, 'lakerunner-vpc.yaml');
    const text = await readFile(vpc, 'utf8');
    await writeFile(vpc, text.replace('10.0.0.0/16', '10.1.0.0/16'));
    await writeFile(join(directory, 'lakerunner-old.yaml'), text);
    await writeFile(join(directory, 'mine.yaml'), 'Resources: {}\n');
    await rm(join(directory, 'lakerunner-common.yaml'));

    const checked = await synth('--check');
    expect(checked.code).toBe(1);
    expect(checked.stderr).toMatch(
      /lakerunner-common\.yaml: missing\n.*lakerunner-old\.yaml: left over\n.*lakerunner-vpc\.yaml: changed\n/,
    );
    expect(await readFile(vpc, 'utf8')).not.toBe(text);

    const written = await synth('--json');
    expect(written.code).toBe(0);
    const { differences } = JSON.parse(written.stdout);
    expect(differences).toHaveLength(3);
    expect(await readFile(vpc, 'utf8')).toBe(text);
    const files = await readdir(directory);
    expect(files).toContain('mine.yaml');
    expect(files).not.toContain('lakerunner-old.yaml');
  });

  it('says what to install where the CDK is not, and touches nothing', async () => {
    const hook = `data:text/javascript,${encodeURIComponent(WITHOUT_CDK)}`;
    const { code, stderr } = await lakewright(['synth', '--out', directory], {
      NODE_OPTIONS: `--import=${hook}`,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/templates cannot be made here: Cannot find package 'aws-cdk-lib'\n.*npm ci/);
    expect(await readdir(directory)).toEqual([]);
  });
});
