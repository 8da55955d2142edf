import { ConfigError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  FAKE_ENVIRONMENT,
  type FakeAnswer,
  type FakeAws,
  type FakeRequest,
  fakeAws,
  s3Error,
} from '../../test/fake-aws.ts';
import { awsAccountReader } from '../index.ts';

const ROLE = 'arn:aws:iam::123456789012:role/team/lake';
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:ingest';

let fake: FakeAws | undefined;
beforeEach(() => {
  for (const [name, value] of Object.entries({ ...FAKE_ENVIRONMENT, AWS_MAX_ATTEMPTS: '1' }))
    vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake?.close();
});

async function readerOf(answer: (request: FakeRequest) => FakeAnswer) {
  fake = await fakeAws(answer);
  return awsAccountReader({ endpoint: fake.url, region: 'eu-west-1' });
}

const xml = (body: string, status = 200): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});
const queryError = (status: number, code: string) =>
  xml(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
    status,
  );

/** As IAM answers SimulatePrincipalPolicy: two actions, one of them not allowed by the organization. */
const SIMULATED = `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>
<member><EvalActionName>sqs:ReceiveMessage</EvalActionName><EvalResourceName>${QUEUE}</EvalResourceName>
<EvalDecision>allowed</EvalDecision><MatchedStatements/><MissingContextValues/></member>
<member><EvalActionName>sqs:DeleteMessage</EvalActionName><EvalResourceName>${QUEUE}</EvalResourceName>
<EvalDecision>implicitDeny</EvalDecision><MatchedStatements/>
<MissingContextValues><member>aws:SourceVpce</member></MissingContextValues>
<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail></member>
</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</SimulatePrincipalPolicyResponse>`;

describe('simulate', () => {
  test('asks of the role itself, and tells what IAM says of each action', async () => {
    const reader = await readerOf(() => xml(SIMULATED));
    const answer = await reader.simulate(ROLE, ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], QUEUE);
    expect(answer).toEqual({
      state: 'seen',
      value: [
        {
          action: 'sqs:ReceiveMessage',
          resource: QUEUE,
          decision: 'allowed',
          by: undefined,
          unknownKeys: [],
        },
        {
          action: 'sqs:DeleteMessage',
          resource: QUEUE,
          decision: 'implicitDeny',
          by: 'organization',
          unknownKeys: ['aws:SourceVpce'],
        },
      ],
    });
    const asked = new URLSearchParams(fake?.requests[0].body.toString());
    expect(asked.get('PolicySourceArn')).toBe(ROLE);
    expect(asked.get('ResourceArns.member.1')).toBe(QUEUE);
  });

  test.each([
    [403, 'AccessDenied'],
    [501, 'NotImplemented'],
    [400, 'InvalidInput'],
  ])('%i %s is hidden, with the action that is lacking', async (status, code) => {
    const reader = await readerOf(() => queryError(status, code));
    expect(await reader.simulate(ROLE, ['sqs:ReceiveMessage'], QUEUE)).toMatchObject({
      state: 'hidden',
      action: 'iam:SimulatePrincipalPolicy',
    });
  });
});

describe('a look', () => {
  test.each([
    ['role', () => queryError(404, 'NoSuchEntity')],
    ['database', () => xml('<DescribeDBInstancesResponse/>')],
    [
      'vpc',
      () =>
        xml('<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>', 400),
    ],
  ] as const)('finds no %s', async (method, answer) => {
    const reader = await readerOf(answer);
    expect(await reader[method](ROLE)).toEqual({ state: 'absent' });
  });

  test.each([
    ['role', () => queryError(403, 'AccessDenied'), 'iam:GetRole'],
    [
      'vpc',
      () =>
        xml('<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>', 403),
      'ec2:DescribeVpcs',
    ],
    ['notifications', () => s3Error(403, 'AccessDenied'), 's3:GetBucketLocation'],
  ] as const)('is not let see a %s', async (method, answer, action) => {
    const reader = await readerOf(answer);
    expect(await reader[method]('lake')).toMatchObject({ state: 'hidden', action });
  });

  test('says nothing without credentials, or without AWS', async () => {
    const refused = await readerOf(() => queryError(403, 'InvalidClientTokenId'));
    await expect(refused.role(ROLE)).rejects.toThrow(ConfigError);
    await fake?.close();
    const away = await readerOf(() => queryError(500, 'InternalFailure'));
    await expect(away.role(ROLE)).rejects.toThrow(UnavailableError);
  });
});

describe('a secret', () => {
  const secretOf = (SecretString: string) =>
    readerOf(({ headers }) => ({
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify(
        String(headers['x-amz-target']).endsWith('GetSecretValue') ? { SecretString } : { ARN: ROLE },
      ),
    }));

  test.each<[string, boolean, string[]]>([
    ['{"username":"lake","password":"hunter2","port":5432}', true, ['username', 'password']],
    ['{"username":"","password":"hunter2"}', true, ['password']],
    ['hunter2', false, []],
    ['["hunter2"]', false, []],
  ])('is told by its shape alone: %s', async (text, isObject, fields) => {
    const secret = await (await secretOf(text)).secret(ROLE);
    expect(secret).toMatchObject({
      state: 'seen',
      value: { shape: { state: 'seen', value: { isObject, fields } } },
    });
    expect(JSON.stringify(secret)).not.toContain('hunter2');
  });
});
