import { globSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ASSUMING,
  GITHUB_IMAGE,
  GitlabScripts,
  OIDC,
  ORDER,
  ROLE,
  SECRETS,
  SETTINGS,
  USER,
} from './support/gitlab-scripts.ts';
import { lines } from './support/recording-fakes.ts';
import { REPOSITORY } from './support/runtime.ts';

let gitlab: GitlabScripts;
beforeEach(() => {
  gitlab = new GitlabScripts();
});
afterEach(() => gitlab.close());

const SCRIPTS = Object.keys(ORDER);

describe.each(SCRIPTS)('%s', (script) => {
  beforeEach(() => gitlab.leaveWhatComesBefore(script));

  it('makes its calls in order and leaks nothing', async () => {
    const ran = await gitlab.script(script);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(gitlab.shape(ran)).toEqual(ORDER[script]);
    gitlab.expectNothingLeaked(ran);
  });

  it('stops with a message at whichever call fails, and leaks nothing', async () => {
    for (let failAt = 1; failAt <= ORDER[script].length; failAt++) {
      gitlab.write('terraform/.terraform.lock.hcl', 'the lock');
      const ran = await gitlab.script(script, { failAt });
      const what = `${script} at ${ORDER[script][failAt - 1]}`;
      expect(ran.code, what).toBe(1);
      expect(ran.calls.length, what).toBe(failAt);
      expect(ran.stderr.trimEnd().split('\n').at(-1), what).toMatch(new RegExp(`^${script}: .{20,}`));
      gitlab.expectNothingLeaked(ran);
    }
  });

  it('names all missing variables at once and calls nothing', async () => {
    const ran = await gitlab.script(script, { env: {} });
    expect(ran).toMatchObject({ code: 1, calls: [] });
    const wanted = ['AWS_REGION', 'AWS_SECRET_ACCESS_KEY', 'AWS_ROLE_ARN or AWS_ACCESS_KEY_ID'];
    if (script !== 'e2e.sh' && script !== 'sync-image.sh') wanted.push('TF_STATE_BUCKET');
    if (script === 'prepare.sh' || script === 'sync-image.sh')
      wanted.push('GITHUB_TOKEN', 'GITHUB_IMAGE or GITHUB_ORG');
    if (script === 'e2e.sh' || script === 'sync-image.sh') wanted.push('REFINER_NAME');
    if (script !== 'e2e.sh' && script !== 'apply.sh') wanted.push('RELEASE_TAG or CI_COMMIT_TAG');
    for (const name of wanted) expect(ran.stderr).toContain(name);
    expect(ran.stderr).toMatch(/protected/);
  });

  it('signs in by the identity token, through a private file that is gone afterwards', async () => {
    const ran = await gitlab.script(script, { env: { ...OIDC, ...USER } });
    expect(ran.code).toBe(0);
    const identity = ran.calls.find(({ argv }) => argv[1] === 'get-caller-identity');
    expect(identity?.files.AWS_WEB_IDENTITY_TOKEN_FILE).toEqual({
      content: SECRETS.GITLAB_OIDC_TOKEN,
      mode: 0o600,
    });
    expect(identity?.env).toMatchObject({ AWS_ROLE_ARN: ROLE, AWS_ROLE_SESSION_NAME: 'lakewright-4711' });
    for (const { env } of ran.calls.slice(
      ran.calls.findIndex(({ argv }) => argv[1] === 'get-caller-identity'),
    )) {
      // Keys in the environment would win over the token.
      expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
      expect(env).not.toHaveProperty('GITLAB_OIDC_TOKEN');
    }
    gitlab.expectNothingLeaked(ran);
  });

  it('assumes the role with the protected variables where there is no identity token', async () => {
    const ran = await gitlab.script(script, { env: ASSUMING });
    expect(ran.code).toBe(0);
    const at = ran.calls.findIndex(({ argv }) => argv[1] === 'assume-role');
    expect(ran.calls[at].env).toMatchObject(USER);
    expect(lines(ran.calls)[at]).toContain(`--role-arn ${ROLE} --role-session-name lakewright-4711`);
    for (const { env } of ran.calls.slice(at + 1)) {
      expect(env).toMatchObject({
        AWS_ACCESS_KEY_ID: 'ASIDROLE',
        AWS_SECRET_ACCESS_KEY: SECRETS.ASSUMED_KEY,
        AWS_SESSION_TOKEN: SECRETS.ASSUMED_TOKEN,
      });
    }
    gitlab.expectNothingLeaked(ran);
    const refused = await gitlab.script(script, { env: ASSUMING, failAt: at + 1 });
    expect(refused).toMatchObject({ code: 1, calls: { length: at + 1 } });
    gitlab.expectNothingLeaked(refused);
  });

  it.each([
    ['without a role', { ...SETTINGS, ...USER }],
    ['where AWS_AUTH asks for it', { ...OIDC, ...USER, AWS_AUTH: 'keys' }],
  ])('uses the protected variables as they are %s', async (_, env) => {
    const ran = await gitlab.script(script, { env });
    expect(ran.code).toBe(0);
    const at = ran.calls.findIndex(({ argv }) => argv[1] === 'get-caller-identity');
    for (const call of ran.calls.slice(at)) expect(call.env).toMatchObject(USER);
    expect(lines(ran.calls).join('\n')).not.toContain('assume-role');
    gitlab.expectNothingLeaked(ran);
  });

  it.each([
    ['AWS_AUTH', 'magic', /AWS_AUTH is none of/],
    [
      'AWS_DEFAULT_REGION',
      'us-east-1; id',
      script === 'e2e.sh' || script === 'sync-image.sh' ? undefined : /AWS_REGION/,
    ],
    ['REFINER_NAMESPACE', '../other', script === 'e2e.sh' ? undefined : /REFINER_NAMESPACE|ECR_REPOSITORY/],
    [
      'REFINER_NAME',
      '-x $(id)',
      script === 'e2e.sh' || script === 'sync-image.sh' ? /REFINER_NAME/ : undefined,
    ],
    ['RELEASE_TAG', 'latest', script === 'e2e.sh' || script === 'apply.sh' ? undefined : /RELEASE_TAG/],
  ])('refuses a %s that is %s where it reads it', async (name, value, message) => {
    const env = {
      ...OIDC,
      ...(name === 'AWS_DEFAULT_REGION' ? { AWS_REGION: undefined } : {}),
      [name]: value,
    };
    const ran = await gitlab.script(script, { env });
    if (message === undefined) {
      expect(ran.code).toBe(0);
    } else {
      expect(ran).toMatchObject({ code: 1, calls: [] });
      expect(ran.stderr).toMatch(message);
    }
  });
});

describe('every script', () => {
  it('is one that bash can read', async () => {
    const scripts = globSync('gitlab/scripts/*.sh', { cwd: REPOSITORY });
    expect(scripts.length).toBeGreaterThan(SCRIPTS.length);
    for (const script of scripts)
      expect(await gitlab.run(['bash', '-n', script])).toMatchObject({ code: 0, stderr: '' });
  });

  it('takes the tag of the pipeline and the older name of the region', async () => {
    const ran = await gitlab.script('sync-image.sh', {
      env: {
        ...OIDC,
        RELEASE_TAG: '',
        CI_COMMIT_TAG: 'v7.0.0',
        AWS_REGION: '',
        AWS_DEFAULT_REGION: 'eu-west-1',
      },
    });
    expect(ran.code).toBe(0);
    expect(lines(ran.calls)).toContain(`crane digest --platform linux/arm64 ${GITHUB_IMAGE}:v7.0.0`);
    expect(ran.calls[0].env.AWS_REGION).toBe('eu-west-1');
  });
});
