import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Answer, lines, type Ran, RecordingFakes, type RunOptions } from './recording-fakes.ts';
import { REPOSITORY } from './runtime.ts';

export const DIGEST = `sha256:${'a1'.repeat(32)}`;
export const OTHER_DIGEST = `sha256:${'b2'.repeat(32)}`;
export const REGISTRY = '210987654321.dkr.ecr.us-east-1.amazonaws.com';
export const ECR_IMAGE = `${REGISTRY}/dibbs-ecr-refiner/lambda`;
export const GITHUB_IMAGE = 'ghcr.io/cdcgov/dibbs-ecr-refiner';
export const ROLE = 'arn:aws:iam::210987654321:role/pipeline';

/** Distinctive, so that one that leaks is found wherever it goes. */
export const SECRETS = {
  GITHUB_TOKEN: 'SECRET-github-token',
  GITLAB_OIDC_TOKEN: 'SECRET-identity-token',
  AWS_SECRET_ACCESS_KEY: 'SECRET-access-key',
  ECR_PASSWORD: 'SECRET-registry-password',
  ASSUMED_KEY: 'SECRET-assumed-key',
  ASSUMED_TOKEN: 'SECRET-assumed-token',
};

export const SETTINGS = {
  AWS_REGION: 'us-east-1',
  GITHUB_ORG: 'CDCgov',
  RELEASE_TAG: 'v1.2.3',
  REFINER_NAME: 'Refiner',
  TF_STATE_BUCKET: 'states',
  CI_JOB_ID: '4711',
  GITHUB_TOKEN: SECRETS.GITHUB_TOKEN,
};
export const OIDC = { ...SETTINGS, AWS_ROLE_ARN: ROLE, GITLAB_OIDC_TOKEN: SECRETS.GITLAB_OIDC_TOKEN };
export const USER = { AWS_ACCESS_KEY_ID: 'AKIDUSER', AWS_SECRET_ACCESS_KEY: SECRETS.AWS_SECRET_ACCESS_KEY };
export const ASSUMING = { ...SETTINGS, ...USER, AWS_ROLE_ARN: ROLE };

export const NOT_FOUND: Answer = {
  tool: 'aws',
  match: /^ecr describe-images/,
  stderr: 'An error occurred (ImageNotFoundException) when calling the DescribeImages operation: ...\n',
  code: 254,
};
export const FOUND: Answer = { tool: 'aws', match: /^ecr describe-images/, stdout: `${DIGEST}\n` };
export const ANSWERS: readonly Answer[] = [
  {
    tool: 'aws',
    match: /^sts get-caller-identity/,
    stdout: 'arn:aws:sts::210987654321:assumed-role/pipeline/x\n',
  },
  {
    tool: 'aws',
    match: /^sts assume-role/,
    stdout: `ASIDROLE\t${SECRETS.ASSUMED_KEY}\t${SECRETS.ASSUMED_TOKEN}\n`,
  },
  { tool: 'aws', match: /^ecr describe-repositories/, stdout: `${ECR_IMAGE}\n` },
  { tool: 'aws', match: /^ecr get-login-password/, stdout: `${SECRETS.ECR_PASSWORD}\n` },
  { ...NOT_FOUND, times: 1 },
  FOUND,
  { tool: 'crane', match: /^digest/, stdout: `${DIGEST}\n` },
  { tool: 'crane', match: /^config/, stdout: '{"created":"2026-01-01","architecture":"arm64","os":"linux"}' },
  { tool: 'terraform', match: /plan .*-detailed-exitcode/, writes: '-out=', code: 2 },
  { tool: 'terraform', match: / plan /, writes: '-out=' },
  { tool: 'terraform', match: / show /, stdout: 'Plan: 2 to add, 0 to change, 0 to destroy.\n' },
];
export const STATE = (name: string) =>
  [
    '-backend-config=bucket=states',
    `-backend-config=key=lakewright/dibbs-ecr/${name}.tfstate`,
    '-backend-config=region=us-east-1',
    '-backend-config=encrypt=true',
    '-backend-config=use_lockfile=true',
  ].join(' ');
export const IDENTITY = 'aws sts get-caller-identity --query Arn --output text';
export const IMAGE_FILE = 'refiner-pipeline/images/Refiner.env';
export const IMAGE_LINE = `IMAGE_URI_Refiner=${ECR_IMAGE}@${DIGEST}\n`;

/** The calls that each script makes when everything goes well, as `shape` shows them. */
export const ORDER: Record<string, string[]> = {
  'prepare.sh': [
    'terraform version',
    'aws --version',
    IDENTITY,
    `terraform -chdir={work}/terraform/registry init -input=false -no-color -reconfigure ${STATE('registry')}`,
    'terraform -chdir={work}/terraform/registry plan -input=false -no-color -lock-timeout=5m -detailed-exitcode ' +
      '-out={private}/registry.tfplan -var=namespace=dibbs-ecr -var=aws_region=us-east-1',
    'terraform -chdir={work}/terraform/registry show -no-color {private}/registry.tfplan',
    'terraform -chdir={work}/terraform/registry apply -input=false -no-color -lock-timeout=5m {private}/registry.tfplan',
  ],
  'sync-image.sh': [
    IDENTITY,
    'aws ecr describe-repositories --repository-names dibbs-ecr-refiner/lambda ' +
      '--query repositories[0].repositoryUri --output text',
    'crane auth login ghcr.io --username CDCgov --password-stdin',
    'aws ecr get-login-password',
    `crane auth login ${REGISTRY} --username AWS --password-stdin`,
    `crane digest --platform linux/arm64 ${GITHUB_IMAGE}:v1.2.3`,
    `crane config ${GITHUB_IMAGE}@${DIGEST}`,
    'aws ecr describe-images --repository-name dibbs-ecr-refiner/lambda --image-ids imageTag=v1.2.3 ' +
      '--query imageDetails[0].imageDigest --output text',
    `crane copy ${GITHUB_IMAGE}@${DIGEST} ${ECR_IMAGE}:v1.2.3`,
    'aws ecr describe-images --repository-name dibbs-ecr-refiner/lambda --image-ids imageTag=v1.2.3 ' +
      '--query imageDetails[0].imageDigest --output text',
  ],
  'plan.sh': [
    IDENTITY,
    `terraform -chdir={work}/terraform init -input=false -no-color -reconfigure ${STATE('refiner')}`,
    'terraform -chdir={work}/terraform plan -input=false -no-color -lock-timeout=5m ' +
      '-out={work}/refiner-pipeline/tfplan -var=namespace=dibbs-ecr -var=aws_region=us-east-1 ' +
      `-var=release_tag=v1.2.3 -var=image_uris={"Refiner":"${ECR_IMAGE}@${DIGEST}"}`,
    'terraform -chdir={work}/terraform show -no-color {work}/refiner-pipeline/tfplan',
  ],
  'apply.sh': [
    IDENTITY,
    `terraform -chdir={work}/terraform init -input=false -no-color -reconfigure ${STATE('refiner')} -lockfile=readonly`,
    'terraform -chdir={work}/terraform apply -input=false -no-color -lock-timeout=5m {work}/refiner-pipeline/tfplan',
  ],
  'e2e.sh': [
    'npm ci --no-audit --no-fund',
    IDENTITY,
    'npx lakewright refine e2e --profile aws --rule Refiner',
  ],
};

/** The scripts of gitlab/ in a folder of their own, where every tool that they call is a fake. */
export class GitlabScripts extends RecordingFakes {
  constructor() {
    super(['aws', 'crane', 'cosign', 'terraform', 'npm', 'npx']);
    cpSync(join(REPOSITORY, 'gitlab'), join(this.work, 'gitlab'), { recursive: true });
    mkdirSync(join(this.work, 'terraform/registry'), { recursive: true });
    this.write('terraform/.terraform.lock.hcl', 'the lock');
  }

  /** Runs a script with what a pipeline with an identity token has, unless `options` say otherwise. */
  script(name: string, options: RunOptions = {}): Promise<Ran> {
    return this.run(['bash', `gitlab/scripts/${name}`], { env: OIDC, answers: ANSWERS, ...options });
  }

  /** Leaves what the jobs before this one, or its owner, leave for it. */
  leaveWhatComesBefore(script: string): void {
    if (script === 'plan.sh') this.write(IMAGE_FILE, IMAGE_LINE);
    if (script === 'apply.sh') {
      this.write('refiner-pipeline/tfplan', 'the plan');
      this.write('refiner-pipeline/terraform.lock.hcl', 'the lock of the plan');
    }
    if (script === 'e2e.sh') this.write('lakewright.yaml', '');
  }

  /** The calls as lines, with the changing parts of paths replaced. */
  shape(ran: Ran): string[] {
    return lines(ran.calls).map((line) =>
      line
        .replaceAll(this.work, '{work}')
        .replaceAll(new RegExp(`${this.temporary}/[^/ ]+`, 'g'), '{private}'),
    );
  }

  /** No secret in arguments, output or any file that is left, and no temporary file at all. */
  expectNothingLeaked(ran: Ran): void {
    const left = readdirSync(this.work, { recursive: true, encoding: 'utf8' })
      .map((path) => join(this.work, path))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'utf8'));
    const seen = [ran.stdout, ran.stderr, ...lines(ran.calls), ...left].join('\n');
    for (const secret of Object.values(SECRETS)) expect(seen).not.toContain(secret);
    expect(readdirSync(this.temporary)).toEqual([]);
  }
}
