import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OWN_ACTIONS } from '../packages/deploy/src/index.ts';
import { REPOSITORY } from './support/runtime.ts';

/** Commands whose action IAM calls otherwise, or which take several. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  's3:DeleteObjects': ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  's3:GetBucketEncryption': ['s3:GetEncryptionConfiguration'],
  's3:GetBucketLifecycleConfiguration': ['s3:GetLifecycleConfiguration'],
  's3:GetBucketNotificationConfiguration': ['s3:GetBucketNotification'],
  's3:HeadBucket': ['s3:ListBucket'],
  's3:ListMultipartUploads': ['s3:ListBucketMultipartUploads'],
  's3:ListObjectVersions': ['s3:ListBucketVersions'],
};

/** What no command of these folders is called after. */
const BESIDE: Readonly<Record<string, string>> = {
  'cloudformation:TagResource': 'a change set gives tags',
  'cloudformation:DetectStackResourceDrift': 'AWS looks at each resource for DetectStackDrift',
  'cloudformation:ContinueUpdateRollback': 'the command that deploy tells for UPDATE_ROLLBACK_FAILED',
  's3:PutObject': 'the object store puts the templates of the root',
  's3:GetObject': 'CloudFormation reads them as whoever deploys',
};

const SERVICES: Readonly<Record<string, string>> = { 'secrets-manager': 'secretsmanager' };

/** `s3:HeadBucket` for each command and paginator that a file imports of a client of the SDK. */
function called(source: string): string[] {
  return [...source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g)].flatMap(
    ([, names, client]) =>
      names
        .split(',')
        .flatMap((name) => /^\s*(?:(\w+)Command|paginate(\w+))\s*$/.exec(name) ?? [])
        .filter((name) => name !== undefined && /^[A-Z]\w+$/.test(name) && !name.endsWith('Command'))
        .map((name) => `${SERVICES[client] ?? client}:${name}`),
  );
}

it('has the actions of the commands that the adapters call, and no others', () => {
  const files = globSync('packages/aws/src/{deployment,accounts}/*.ts', { cwd: REPOSITORY }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const commands = files.flatMap((file) => called(readFileSync(join(REPOSITORY, file), 'utf8')));
  expect(commands).toEqual(expect.arrayContaining(['cloudformation:ListStacks', 'iam:GetRole']));
  const actions = commands.flatMap((command) => OTHERWISE[command] ?? [command]);
  const wanted = new Set([...actions, ...Object.keys(BESIDE)]);
  expect([...new Set(Object.values(OWN_ACTIONS).flat())].sort()).toEqual([...wanted].sort());
});
