import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ANSWERS,
  DIGEST,
  ECR_IMAGE,
  FOUND,
  GITHUB_IMAGE,
  GitlabScripts,
  IMAGE_FILE,
  IMAGE_LINE,
  NOT_FOUND,
  OIDC,
  ORDER,
  OTHER_DIGEST,
  REGISTRY,
  SECRETS,
  USER,
} from './support/gitlab-scripts.ts';
import { type Answer, lines } from './support/recording-fakes.ts';

let gitlab: GitlabScripts;
beforeEach(() => {
  gitlab = new GitlabScripts();
});
afterEach(() => gitlab.close());

describe('prepare.sh', () => {
  it('changes nothing where the repositories are there', async () => {
    const answers = [{ tool: 'terraform', match: / plan /, code: 0 }, ...ANSWERS];
    const ran = await gitlab.script('prepare.sh', { answers });
    expect(ran.code).toBe(0);
    expect(gitlab.shape(ran)).toEqual(ORDER['prepare.sh'].slice(0, 5));
  });

  it.each(['1', '10', '203'])('does not apply a plan that would destroy %s things', async (count) => {
    const text = `  # a policy that says 0 to destroy\nPlan: 0 to add, 0 to change, ${count} to destroy.\n`;
    const ran = await gitlab.script('prepare.sh', {
      answers: [{ tool: 'terraform', match: / show /, stdout: text }, ...ANSWERS],
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/would destroy image repositories/);
    expect(lines(ran.calls).join('\n')).not.toContain(' apply ');
  });

  it('names every tool that is missing', async () => {
    const PATH = join(gitlab.folder, 'little');
    mkdirSync(PATH);
    for (const tool of ['bash', 'dirname']) {
      const there = ['/usr/bin', '/bin'].map((folder) => join(folder, tool)).find((path) => existsSync(path));
      symlinkSync(there ?? `no ${tool} on this machine`, join(PATH, tool));
    }
    const ran = await gitlab.script('prepare.sh', { env: { ...OIDC, PATH } });
    expect(ran).toMatchObject({ code: 1, calls: [] });
    expect(ran.stderr).toMatch(/not installed: terraform aws\. /);
  });
});

describe('sync-image.sh', () => {
  it('hands both passwords over by standard input alone', async () => {
    const { calls } = await gitlab.script('sync-image.sh');
    const logins = calls.filter(({ argv }) => argv[0] === 'auth');
    expect(logins.map(({ stdin }) => stdin)).toEqual([SECRETS.GITHUB_TOKEN, SECRETS.ECR_PASSWORD]);
    for (const { env } of logins) expect(env.DOCKER_CONFIG).toContain(gitlab.temporary);
    for (const { env } of calls.slice(calls.indexOf(logins[1])))
      expect(env).not.toHaveProperty('GITHUB_TOKEN');
  });

  it('writes the image by digest as a dotenv file', async () => {
    await gitlab.script('sync-image.sh');
    expect(gitlab.read(IMAGE_FILE)).toBe(IMAGE_LINE);
  });

  it('copies nothing when ECR has the same digest', async () => {
    const ran = await gitlab.script('sync-image.sh', { answers: [FOUND, ...ANSWERS] });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(gitlab.shape(ran)).toEqual(ORDER['sync-image.sh'].slice(0, 8));
    expect(gitlab.read(IMAGE_FILE)).toBe(IMAGE_LINE);
  });

  it.each<[string, Answer, RegExp]>([
    ['the tag is there with another digest', { ...FOUND, stdout: OTHER_DIGEST }, /never moves/],
    ['ECR answers no digest', { ...FOUND, stdout: 'None' }, /no digest/],
    ['the copy arrived as something else', { ...FOUND, stdout: OTHER_DIGEST }, /after the copy/],
    ['GitHub answers no digest', { tool: 'crane', match: /^digest/, stdout: '<html>' }, /no digest/],
    [
      'the image is for another machine',
      { tool: 'crane', match: /^config/, stdout: '{"architecture":"amd64"}' },
      /not built/,
    ],
    [
      'the repository has no address',
      { tool: 'aws', match: /describe-repositories/, stdout: 'None' },
      /no address/,
    ],
  ])('refuses when %s', async (what, answer, message) => {
    const first = what.startsWith('the copy') ? [{ ...NOT_FOUND, times: 1 }] : [];
    const ran = await gitlab.script('sync-image.sh', { answers: [...first, answer, ...ANSWERS] });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(message);
    expect(lines(ran.calls).some((line) => line.startsWith('crane copy'))).toBe(first.length > 0);
    expect(gitlab.has(IMAGE_FILE)).toBe(false);
  });

  it('copies only what the named workflow signed, where one is named', async () => {
    const env = {
      ...OIDC,
      IMAGE_SIGNER: 'https://github.com/CDCgov/x/.github/workflows/refiner-image.yml@refs/tags/v1.2.3',
    };
    const ran = await gitlab.script('sync-image.sh', { env });
    expect(ran.code).toBe(0);
    const at = ran.calls.findIndex(({ tool }) => tool === 'cosign');
    expect(lines(ran.calls)[at]).toBe(
      `cosign verify --certificate-identity ${env.IMAGE_SIGNER} ` +
        `--certificate-oidc-issuer https://token.actions.githubusercontent.com ${GITHUB_IMAGE}@${DIGEST}`,
    );
    const unsigned = await gitlab.script('sync-image.sh', { env, failAt: at + 1 });
    expect(unsigned.stderr).toMatch(/is not signed by/);
    expect(unsigned).toMatchObject({ code: 1, calls: { length: at + 1 } });
  });

  it('takes the image, tag, architecture and repository of a second refiner', async () => {
    const env = {
      ...OIDC,
      REFINER_NAME: 'Lab-Results',
      GITHUB_IMAGE: 'ghcr.io/other/labs',
      IMAGE_TAG: 'v9.0.0',
      IMAGE_ARCHITECTURE: 'amd64',
    };
    const uri = `${REGISTRY}/dibbs-ecr-lab-results/lambda`;
    const ran = await gitlab.script('sync-image.sh', {
      env,
      answers: [
        { tool: 'aws', match: /describe-repositories/, stdout: uri },
        { tool: 'crane', match: /^config/, stdout: '{ "architecture": "amd64" }' },
        ...ANSWERS,
      ],
    });
    expect(ran.code).toBe(0);
    expect(lines(ran.calls)).toContain('crane digest --platform linux/amd64 ghcr.io/other/labs:v9.0.0');
    expect(lines(ran.calls)).toContain(`crane copy ghcr.io/other/labs@${DIGEST} ${uri}:v9.0.0`);
    expect(gitlab.read('refiner-pipeline/images/Lab-Results.env')).toBe(
      `IMAGE_URI_Lab_Results=${uri}@${DIGEST}\n`,
    );
  });
});

describe('plan.sh and apply.sh', () => {
  it('plan every image that was copied, with the settings of the file and of the state', async () => {
    gitlab.write(IMAGE_FILE, IMAGE_LINE);
    gitlab.write(
      'refiner-pipeline/images/Lab-Results.env',
      `IMAGE_URI_Lab_Results=${REGISTRY}/labs@${OTHER_DIGEST}\n`,
    );
    gitlab.write('settings/prod.tfvars', '');
    const env = {
      ...OIDC,
      TFVARS_FILE: 'settings/prod.tfvars',
      TF_STATE_KMS_KEY: 'alias/state',
      TF_STATE_PREFIX: 'p',
    };
    const ran = await gitlab.script('plan.sh', { env });
    const [, init, plan] = gitlab.shape(ran);
    expect(init).toContain('-backend-config=key=p/refiner.tfstate');
    expect(init).toContain('-backend-config=kms_key_id=alias/state');
    expect(plan).toContain('-var-file={work}/settings/prod.tfvars -var=namespace=');
    expect(plan).toContain(
      `{"Lab-Results":"${REGISTRY}/labs@${OTHER_DIGEST}","Refiner":"${ECR_IMAGE}@${DIGEST}"}`,
    );
  });

  it('leave the plan, its text and its lock file, and put the lock file back', async () => {
    gitlab.write(IMAGE_FILE, IMAGE_LINE);
    await gitlab.script('plan.sh');
    expect(gitlab.read('refiner-pipeline/plan.txt')).toMatch(/^Plan: 2 to add/);
    gitlab.write('terraform/.terraform.lock.hcl', 'another lock');
    expect(await gitlab.script('apply.sh')).toMatchObject({ code: 0 });
    expect(gitlab.read('terraform/.terraform.lock.hcl')).toBe('the lock');
  });

  it.each<[string, string | undefined, RegExp]>([
    ['no image was copied', undefined, /sync-image.sh comes first/],
    [
      'an image has a tag in place of a digest',
      `IMAGE_URI_Refiner=${ECR_IMAGE}:v1.2.3\n`,
      /address of an image/,
    ],
    ['a file holds something else', `IMAGE_URI_Refiner=a"}\n`, /address of an image/],
  ])('do not plan when %s', async (_, line, message) => {
    if (line !== undefined) gitlab.write(IMAGE_FILE, line);
    const ran = await gitlab.script('plan.sh');
    expect(ran).toMatchObject({ code: 1, calls: [] });
    expect(ran.stderr).toMatch(message);
  });

  it('do not leave an older plan behind a plan that failed', async () => {
    gitlab.leaveWhatComesBefore('plan.sh');
    gitlab.leaveWhatComesBefore('apply.sh');
    await gitlab.script('plan.sh', { failAt: 3 });
    expect(await gitlab.script('apply.sh')).toMatchObject({ code: 1, calls: [] });
  });

  it.each(['tfplan', 'terraform.lock.hcl'])('do not apply without %s', async (file) => {
    gitlab.leaveWhatComesBefore('apply.sh');
    gitlab.write(`refiner-pipeline/${file}`, '');
    const ran = await gitlab.script('apply.sh');
    expect(ran).toMatchObject({ code: 1, calls: [] });
    expect(ran.stderr).toMatch(/no saved plan/);
  });

  it('name a settings file that is not there', async () => {
    gitlab.leaveWhatComesBefore('plan.sh');
    const ran = await gitlab.script('plan.sh', { env: { ...OIDC, TFVARS_FILE: 'nowhere.tfvars' } });
    expect(ran).toMatchObject({ code: 1, calls: [] });
    expect(ran.stderr).toContain('nowhere.tfvars');
  });
});

describe('e2e.sh', () => {
  it('installs packages without any credential', async () => {
    gitlab.leaveWhatComesBefore('e2e.sh');
    const { calls } = await gitlab.script('e2e.sh', { env: { ...OIDC, ...USER } });
    expect(JSON.stringify(calls[0].env)).not.toMatch(/SECRET/);
  });

  it('runs in its own folder with the configuration of the repository around it', async () => {
    cpSync(join(gitlab.work, 'gitlab'), join(gitlab.work, 'lakewright/gitlab'), { recursive: true });
    gitlab.write('settings/rules.yaml', '');
    const env = { ...OIDC, LAKEWRIGHT_CONFIG: 'settings/rules.yaml' };
    const ran = await gitlab.run(['bash', 'lakewright/gitlab/scripts/e2e.sh'], { env, answers: ANSWERS });
    expect(ran.code).toBe(0);
    expect(ran.calls.at(-1)).toMatchObject({
      tool: 'npx',
      cwd: join(gitlab.work, 'lakewright'),
      env: { LAKEWRIGHT_CONFIG: join(gitlab.work, 'settings/rules.yaml') },
    });
  });

  it('does not start without a configuration', async () => {
    const ran = await gitlab.script('e2e.sh');
    expect(ran).toMatchObject({ code: 1, calls: [] });
    expect(ran.stderr).toMatch(/no lakewright.yaml/);
  });
});
