import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Answer, lines, type Ran, RecordingFakes } from './support/recording-fakes.ts';
import { REPOSITORY } from './support/runtime.ts';

interface Job {
  readonly extends?: string | string[];
  readonly stage?: string;
  readonly image?: { readonly name: string; readonly entrypoint: string[] };
  readonly needs?: (string | { readonly job: string; readonly artifacts?: boolean })[];
  readonly script?: string[];
  readonly rules?: { readonly if: string; readonly when?: string; readonly allow_failure?: boolean }[];
  readonly resource_group?: string;
  readonly interruptible?: boolean;
  readonly environment?: { readonly name: string; readonly action?: string };
  readonly artifacts?: { readonly paths: string[]; readonly expire_in?: string; readonly access?: string };
  readonly id_tokens?: Record<string, { readonly aud: string }>;
}

const STEPS = ['prepare', 'sync-image', 'plan', 'apply', 'e2e'];

function read(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

const pipeline = parse(read('gitlab/refiner.gitlab-ci.yml')) as Record<string, Job> & {
  readonly stages: string[];
  readonly variables: Record<string, unknown>;
};

/** The job as GitLab sees it: what it extends first, its own words over that. */
function job(name: string): Job {
  const own = pipeline[name];
  const parents = [own.extends ?? []].flat().map(job);
  return Object.assign({}, ...parents, own) as Job;
}

describe('the pipeline of GitLab', () => {
  it('has its stages, and its jobs each in one of them', () => {
    expect(pipeline.stages).toEqual(['prepare', 'sync-image', 'deploy', 'e2e']);
    const jobs = Object.keys(pipeline).filter(
      (name) => !name.startsWith('.') && pipeline[name].script !== undefined,
    );
    expect(jobs).toEqual(STEPS);
    expect(jobs.map((name) => job(name).stage)).toEqual(['prepare', 'sync-image', 'deploy', 'deploy', 'e2e']);
  });

  it('waits, in each job, for the job before', () => {
    const needs = STEPS.map((name) =>
      job(name).needs?.map((need) => (typeof need === 'string' ? need : need.job)),
    );
    expect(needs).toEqual([[], ['prepare'], ['sync-image'], ['plan'], ['apply']]);
  });

  it.each(STEPS)('%s runs a script that is there, in an image whose entrypoint is none', (name) => {
    const { image, script, id_tokens, environment } = job(name);
    expect(image?.entrypoint).toEqual(['']);
    // A name in quotes or a variable that stands for one, never `latest`.
    expect(pipeline.variables[image?.name.slice(1) ?? '']).toMatch(/^[a-z/]+:\d/);
    expect(script).toEqual([`bash "$LAKEWRIGHT_DIR/gitlab/scripts/${scriptOf(name)}"`]);
    expect(statSync(join(REPOSITORY, 'gitlab/scripts', scriptOf(name))).mode & 0o111).toBe(0o111);
    expect(id_tokens?.GITLAB_OIDC_TOKEN.aud).toBe('$OIDC_AUDIENCE');
    expect(environment?.name).toBe('$DEPLOY_ENVIRONMENT');
  });

  it('deploys one pipeline at a time and stops none half-way', () => {
    for (const name of ['prepare', 'plan', 'apply']) {
      expect(job(name)).toMatchObject({ resource_group: 'refiner-$REFINER_NAMESPACE', interruptible: false });
    }
  });

  it('plans by itself and applies by hand, and only for releases', () => {
    for (const name of STEPS) {
      const { rules = [] } = job(name);
      expect(rules.map((rule) => rule.if.split(' ')[0])).toEqual(['$CI_COMMIT_TAG', '$RELEASE_TAG']);
      for (const rule of rules) {
        expect(rule.if).toContain('=~ /^v[0-9]/');
        expect(rule.when).toBe(name === 'apply' ? 'manual' : undefined);
        expect(rule.allow_failure).toBe(name === 'apply' ? false : undefined);
      }
    }
  });

  it('hands the plan that was read to the job that applies it, and lets artifacts expire', () => {
    expect(job('plan').artifacts).toMatchObject({
      access: 'developer',
      paths: ['tfplan', 'plan.txt', 'terraform.lock.hcl'].map((file) => `$REFINER_PIPELINE_DIR/${file}`),
    });
    expect(job('apply').needs).toEqual([{ job: 'plan', artifacts: true }]);
    expect(job('sync-image').artifacts).toMatchObject({
      paths: ['$REFINER_PIPELINE_DIR/images/'],
      reports: { dotenv: '$REFINER_PIPELINE_DIR/images/$REFINER_NAME.env' },
    });
    expect(job('apply').artifacts).toMatchObject({
      when: 'on_failure',
      access: 'developer',
      paths: ['$LAKEWRIGHT_DIR/terraform/errored.tfstate'],
    });
    for (const name of ['plan', 'sync-image']) expect(job(name).artifacts?.expire_in).toBe('1 week');
  });

  it('names no account', () => {
    for (const path of globSync(['gitlab/**/*', '.github/workflows/*'], { cwd: REPOSITORY })) {
      if (statSync(join(REPOSITORY, path)).isFile())
        expect(read(path), path).not.toMatch(/(?<![0-9a-f])\d{12}(?![0-9a-f])/);
    }
  });
});

function scriptOf(name: string): string {
  return `${name}.sh`;
}

describe('the scripts', () => {
  const paths = globSync('gitlab/scripts/*.sh', { cwd: REPOSITORY }).sort();
  /** What bash itself sets. */
  const BASH = ['BASH_SOURCE', 'BASH_REMATCH', 'PWD', 'PATH'];
  /** What aws-auth.sh sets for the tools. */
  const SET = ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_SESSION_NAME', 'AWS_PROFILE'];

  it.each(paths)('%s tells every variable that it reads in its header', (path) => {
    const text = read(path);
    const header = text.split('\n').filter((line, at, all) => line.startsWith('#') && headerEnd(all) > at);
    const code = text.replace(/^\s*#.*$/gm, '');
    const direct = [...code.matchAll(/\$\{?([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name);
    const required = [...code.matchAll(/^\s*require_(?:variables|form) .*(?:\\\n.*)*/gm)]
      .flatMap(([line]) => [...line.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)])
      .map(([name]) => name);
    const names = [...new Set([...direct, ...required])].filter((name) => ![...BASH, ...SET].includes(name));
    const told = header.join('\n') + (path.endsWith('lib.sh') ? '' : sharedHeaders(header.join('\n')));
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(told))).toEqual([]);
  });

  it.each(paths)('%s stops at errors and does not show what it does', (path) => {
    const text = read(path);
    expect(text).not.toMatch(/set -\w*x|xtrace/);
    if (text.startsWith('#!')) expect(text).toMatch(/^#!\/usr\/bin\/env bash\n[\s\S]*?\nset -euo pipefail\n/);
    else expect(text).toMatch(/Sourced/);
  });

  it('are all told in the README, and so are their variables', () => {
    const readme = read('gitlab/README.md');
    for (const step of STEPS) expect(readme).toContain(`${step}.sh`);
    const own = new Set(
      paths.flatMap((path) =>
        [...read(path).matchAll(/^# {3}([A-Z][A-Z0-9_]+) {2}/gm)].map(([, name]) => name),
      ),
    );
    expect(own.size).toBeGreaterThan(25);
    const setByGitlab = /^CI_|^GITLAB_OIDC_TOKEN$|^DOCKER_CONFIG$/;
    expect([...own].filter((name) => !setByGitlab.test(name) && !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

function headerEnd(all: readonly string[]): number {
  return all.findIndex((line) => !line.startsWith('#'));
}

/** The headers of the shared scripts that a header refers to by name. */
function sharedHeaders(header: string): string {
  return ['lib.sh', 'aws-auth.sh', 'terraform.sh']
    .filter((name) => header.includes(name))
    .map((name) => read(`gitlab/scripts/${name}`).split('\n'))
    .map((all) => all.slice(0, headerEnd(all)).join('\n'))
    .join('\n');
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: string | string[];
  readonly Condition?: unknown;
}

function statementsOf(file: string): Statement[] {
  return (JSON.parse(read(`gitlab/policies/${file}`)) as { Statement: Statement[] }).Statement;
}

describe('the policies', () => {
  const files = readdirSync(join(REPOSITORY, 'gitlab/policies')).sort();

  it('are the ones that the README hands out', () => {
    expect(files).toEqual(['deployer.json', 'image-pusher.json', 'tester.json', 'trust.json']);
    for (const file of files) expect(read('gitlab/README.md')).toContain(`policies/${file}`);
  });

  it.each(files)('%s allows no whole service, and everything only where AWS narrows nothing', (file) => {
    for (const { Action, Resource, Condition } of statementsOf(file)) {
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9]+:(GetBucket\*|[A-Z]\w+)$/);
      if (Resource === '*' && Condition === undefined) {
        for (const action of [Action].flat()) {
          expect(action).toMatch(/:(GetAuthorizationToken|Describe\w+|List\w+)$/);
        }
      }
    }
  });

  it('let the deployer read no object or message, and delete no bucket or repository', () => {
    for (const { Action, Resource } of statementsOf('deployer.json')) {
      if (String(Resource).includes('STATE_BUCKET')) continue;
      expect([Action].flat().join(' ')).not.toMatch(
        /s3:(Get|Put|Delete)Object|DeleteBucket\b|ReceiveMessage|DeleteRepository|BatchDelete/,
      );
    }
  });

  it('let in the release tags of one project and nobody else', () => {
    const [{ Condition }] = statementsOf('trust.json');
    expect(Condition).toEqual({
      StringEquals: { 'gitlab.com:aud': 'sts.amazonaws.com' },
      StringLike: { 'gitlab.com:sub': 'project_path:GITLAB_PROJECT:ref_type:tag:ref:v*' },
    });
  });
});

interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly jobs: { publish: { permissions: unknown; steps: { id?: string; uses?: string; run?: string }[] } };
}

describe('the workflow that publishes the image', () => {
  const text = read('.github/workflows/refiner-image.yml');
  const workflow = parse(text) as Workflow;
  const { steps } = workflow.jobs.publish;
  const IMAGE = 'ghcr.io/cdcgov/dibbs-ecr-refiner';
  const ENV = {
    IMAGE,
    TAG: 'v1.2.3',
    ARCHITECTURE: 'arm64',
    OWNER: 'CDCgov',
    USERNAME: 'actor',
    TOKEN: 'SECRET-token',
  };

  let fakes: RecordingFakes;
  beforeEach(() => {
    fakes = new RecordingFakes(['docker', 'npm', 'cosign']);
  });
  afterEach(() => fakes.close());

  function step(id: string, answers: readonly Answer[] = []): Promise<Ran> {
    const run = steps.find((each) => each.id === id)?.run ?? `the workflow has no step ${id}`;
    const env = {
      ...ENV,
      DIGEST: 'sha256:abc',
      GITHUB_ENV: join(fakes.work, 'env'),
      GITHUB_STEP_SUMMARY: join(fakes.work, 'summary'),
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'CDCgov/x',
      GITHUB_SHA: 'c0ffee',
    };
    // As the runner does it: bash -e {0}.
    return fakes.run(['bash', '-e', '-c', run], { env, answers });
  }

  it('runs for release tags, with no more rights than it needs, and trusts nothing that can move', () => {
    expect(workflow.on).toEqual({ push: { tags: ['v*'] } });
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.publish.permissions).toEqual({
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
    });
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, used]) => used);
    expect(uses.length).toBe(steps.filter((each) => each.uses !== undefined).length);
    for (const used of uses) expect(used).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    // Values of the event reach the shell as variables only, so that none of them is a command.
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  it('looks before it builds, and builds before it signs', () => {
    expect(steps.map(({ id, uses }) => id ?? uses?.split('@')[0])).toEqual([
      'actions/checkout',
      'name',
      'login',
      'refuse',
      'publish',
      'verify',
      'parts',
      'sigstore/cosign-installer',
      'sign',
    ]);
  });

  it('names the image in small letters and refuses an architecture that there is not', async () => {
    expect(await step('name')).toMatchObject({ code: 0 });
    expect(fakes.read('env')).toBe(`IMAGE=${IMAGE}\n`);
  });

  it('hands the token over by standard input', async () => {
    const { calls } = await step('login');
    expect(calls).toMatchObject([{ stdin: 'SECRET-token' }]);
    expect(lines(calls)).toEqual(['docker login ghcr.io --username actor --password-stdin']);
  });

  it.each<[string, Omit<Answer, 'tool'>, number, RegExp]>([
    ['passes when the tag is not there', { code: 1, stderr: `ERROR: ${IMAGE}:v1.2.3: not found` }, 0, /^$/],
    ['refuses a tag that is there', { stdout: 'Name: ...' }, 1, /never moves/],
    ['stops when it cannot know', { code: 1, stderr: 'ERROR: i/o timeout' }, 1, /cannot tell/],
  ])('%s', async (_, answer, code, message) => {
    const ran = await step('refuse', [{ tool: 'docker', ...answer }]);
    expect(ran.code).toBe(code);
    expect(ran.stdout).toMatch(message);
  });

  it('builds one platform, without the attestations that would make an index of it', async () => {
    const [line] = lines((await step('publish')).calls);
    expect(line).toMatch(
      /^docker buildx build --file packages\/refine\/image\/Dockerfile --platform linux\/arm64 --build-arg ARCHITECTURE=arm64 --provenance=false --sbom=false /,
    );
    expect(line).toMatch(new RegExp(` --tag ${IMAGE}:v1\\.2\\.3 --push \\.$`));
    expect(statSync(join(REPOSITORY, 'packages/refine/image/Dockerfile')).isFile()).toBe(true);
  });

  it.each([
    ['application/vnd.oci.image.manifest.v1+json', 0],
    ['application/vnd.docker.distribution.manifest.v2+json', 0],
    ['application/vnd.oci.image.index.v1+json', 1],
    ['application/vnd.docker.distribution.manifest.list.v2+json', 1],
  ])('says whether Lambda takes %s', async (type, code) => {
    const ran = await step('verify', [
      { tool: 'docker', match: /MediaType/, stdout: `${type}\n` },
      { tool: 'docker', match: /Digest/, stdout: 'sha256:abc\n' },
    ]);
    expect(ran.code).toBe(code);
    if (code === 0) expect(fakes.read('env')).toBe('DIGEST=sha256:abc\n');
  });

  it('signs the digest, and the list of parts with it', async () => {
    expect(lines((await step('parts')).calls)[0]).toMatch(/^npm sbom --package-lock-only --omit dev/);
    expect(lines((await step('sign')).calls)).toEqual([
      `cosign sign --yes ${IMAGE}@sha256:abc`,
      `cosign attest --yes --type cyclonedx --predicate parts.json ${IMAGE}@sha256:abc`,
    ]);
  });
});
