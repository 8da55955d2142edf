import { describe, expect, it } from 'vitest';
import { deadAddress, lakewright } from '../../../test/harness.ts';
import { run } from '../../program.ts';

/** A command line in this process: of those that end before they ask anybody. */
async function here(args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    columns: undefined,
    color: false,
    progress: false,
  };
  const code = await run(args, terminal, {});
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** An account that nobody can reach, without this machine's own profile. */
async function nowhere(): Promise<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: await deadAddress(),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** What is wrong with a command line is said before anybody is asked. */
const WRONG: readonly (readonly [args: string[], stderr: RegExp])[] = [
  [[], /Usage: lakewright aws/],
  [['depoly', 'lakerunner'], /Did you mean deploy\?/],
  [['plan'], /missing required argument 'system'/],
  [['plan', 'riverrunner'], /Allowed choices are lakerunner/],
  [['plan', 'lakerunner', '--env', '9'], /"9" cannot be the name of an environment/],
  [['status', 'lakerunner', '--env', '9'], /"9" cannot be the name of an environment/],
  [['byo-check', 'lakerunner', '--env', '9'], /"9" cannot be the name of an environment/],
  [['plan', 'lakerunner', '--set', 'x.y=z'], /lakerunner has no stack "x"/],
  [['deploy', 'lakerunner', '--set', 'novalue'], /is no NAME=VALUE/],
  [['byo-check', 'lakerunner', '--set', 'novalue'], /is no NAME=VALUE/],
  [['policy', 'lakerunner', 'task', '--set', 'novalue'], /is no NAME=VALUE/],
  [['byo-check', 'lakerunner', '--params', '/nowhere.json'], /cannot read \/nowhere\.json/],
  [['byo-check', 'lakerunner', '--params', 'package.json'], /package\.json: \w+ is no text/],
  [['policy', 'lakerunner', 'task', '--set', 'ExistingBucketArm=x'], /no parameter ExistingBucketArm/],
  [['policy', 'lakerunner', 'task', '--account', 'mine'], /An account is 12 digits/],
  [['policy', 'lakerunner', 'everybody'], /Allowed choices are deployer/],
  [['deploy', 'lakerunner', '--layout', 'root', '--with', 'demo'], /--layout root needs --template-bucket/],
  [['update-images', 'x', 'services', '--set', 'a.b=c'], /has no stack "a"/],
];

describe('exit codes of aws', () => {
  it.each(WRONG)('%j ends with 2', async (args, stderr) => {
    const said = await here(['aws', ...args]);
    expect(said.stderr).toMatch(stderr);
    expect(said.stdout).toBe('');
    expect(said.code).toBe(2);
  });

  it.each(['plan', 'deploy', 'status', 'destroy', 'update-images', 'byo-check', 'policy'])(
    '%s --help ends with 0 and shows no default that is empty',
    async (name) => {
      const { code, stdout } = await here(['aws', name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: lakewright aws ${name}`);
      expect(stdout).not.toContain('[]');
    },
  );

  it('ends with 1 where nobody answers, and says what to look at', async () => {
    const { code, stdout, stderr } = await lakewright(['aws', 'status', 'lakerunner'], await nowhere());
    expect(stderr).toMatch(/could not ask who this is: ECONNREFUSED\n.*AWS_ENDPOINT_URL/);
    expect([code, stdout]).toEqual([1, '']);
  });

  it.each([
    ['plan', 'log in'],
    ['byo-check', 'log in'],
  ])('%s ends with 1 for who is not logged in', async (name, hint) => {
    const env = { ...(await nowhere()), AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const { code, stderr } = await lakewright(['aws', name, 'lakerunner'], env);
    expect(stderr).toContain(hint);
    expect(code).toBe(1);
  });

  it('ends with 1 without a region', async () => {
    const { code, stderr } = await lakewright(['aws', 'plan', 'lakerunner'], {
      ...(await nowhere()),
      AWS_REGION: '',
      AWS_DEFAULT_REGION: '',
    });
    expect(stderr).toContain('no AWS region is set\n  use --region');
    expect(code).toBe(1);
  });

  it.each([
    [['status', 'lakerunner'], 1, 'UNAVAILABLE'],
    [['plan', 'lakerunner', '--env', '9'], 2, 'USAGE'],
    [['byo-check', 'lakerunner', '--set', 'x'], 2, 'USAGE'],
  ])('%j --json has its error on stdout, too', async (args, code, name) => {
    const said = await lakewright(['aws', ...args, '--json'], await nowhere());
    expect(said.code).toBe(code);
    expect(JSON.parse(said.stdout)).toMatchObject({ error: { code: name } });
  });
});
