import { describe, expect, it } from 'vitest';
import { FakeCloud } from '../../test/fake-cloud.ts';
import { smallTemplates } from '../../test/small-templates.ts';
import {
  type DeployRequest,
  deploy,
  givenBySet,
  LAKERUNNER,
  planDeployment,
  templateFacts,
} from '../index.ts';

const COMMON = `Parameters:
  VpcId: { Type: AWS::EC2::VPC::Id }
  Kind: { Type: String, Default: plain }
  Size: { Type: Number, Default: 1, MaxValue: 9 }
  Secret: { Type: String, Default: '', NoEcho: true, AllowedPattern: '[a-z]*' }
Rules:
  SmallOnly:
    RuleCondition: !Equals [!Ref Kind, plain]
    Assertions:
      - { Assert: !Not [!Equals [!Ref Size, '9']], AssertDescription: nine is not for plain ones }
  SecretNeedsSize:
    RuleCondition: !Not [!Equals [!Ref Secret, '']]
    Assertions:
      - { Assert: !Not [!Equals [!Ref Size, '4']], AssertDescription: a secret needs another size }
Conditions:
  IsLarge: !Equals [!Ref Size, '5']
Resources:
  Topic: { Type: AWS::SNS::Topic }
  Gateway: { Type: AWS::EC2::NatGateway, Condition: IsLarge }
Outputs:
  Gateway: { Condition: IsLarge, Value: !Ref Gateway, Export: { Name: !Sub '\${AWS::StackName}-Gateway' } }
`;
const SETUP = `Parameters: { CommonInfraStackName: { Type: String } }
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: { Fn::ImportValue: !Sub '\${CommonInfraStackName}-Gateway' } }
`;

function request(set: readonly string[], only?: readonly string[]): DeployRequest {
  const templates = smallTemplates();
  for (const [file, body] of [
    ['lakerunner-common.yaml', COMMON],
    ['lakerunner-ecs-setup.yaml', SETUP],
  ]) {
    templates.set(file, templateFacts(file, body));
  }
  const given = set.map((text) => givenBySet(text, LAKERUNNER, 'lakerunner'));
  const base = { system: LAKERUNNER, environment: 'lakerunner', templates, given };
  return { ...base, vpc: undefined, with: [], only };
}

const plan = (on: FakeCloud, set: readonly string[], only?: readonly string[]) =>
  planDeployment(on.engine(), request(set, only));
const linesOf = (of: Awaited<ReturnType<typeof plan>>, key: string) =>
  of.stacks.find((stack) => stack.key === key)?.changes.map(({ verb, logicalId }) => `${verb} ${logicalId}`);

describe('what a plan would make', () => {
  it('is what the conditions say with the values that were decided', async () => {
    expect(linesOf(await plan(new FakeCloud(), ['Size=5']), 'common')).toEqual(['add Topic', 'add Gateway']);
  });

  it.each<[string[], RegExp]>([
    [['Size=10'], /^common: Size: "10" is more than 9$/],
    [['Secret=S3CRET'], /^common: Secret: the value does not match/],
    [['Size=9'], /^common: the rule SmallOnly: nine is not for plain ones/],
    [['Size=4', 'Secret=abc'], /^common: the rule SecretNeedsSize: a secret needs another size/],
    [['VpcId=vpc-x'], /^common: VpcId: "vpc-x" is no AWS::EC2::VPC::Id$/],
    [[], /^setup: it needs the export lakerunner-common-Gateway, which that stack has not/],
  ])('%j is refused by plan and by deploy, and nothing is made', async (set, message) => {
    const on = new FakeCloud();
    await expect(plan(on, set)).rejects.toThrow(message);
    const questions = { approve: async () => true, approveMore: async () => true };
    await expect(deploy(on.engine(), request(set), questions)).rejects.toThrow(message);
    expect(on.calls).toEqual([]);
  });

  it('never tells a secret in what it refuses', async () => {
    const refused = await plan(new FakeCloud(), ['Secret=S3CRET']).catch((error: unknown) => error);
    expect(JSON.stringify(refused) + String(refused)).not.toContain('S3CRET');
  });

  it('knows the exports of a stack that is there and not deployed now', async () => {
    const on = new FakeCloud();
    const parameters = { VpcId: 'vpc-00000001', Size: '5' };
    on.put('lakerunner-common', 'CREATE_COMPLETE', { parameters, body: COMMON });
    expect(linesOf(await plan(on, [], ['setup']), 'setup')).toEqual(['add Topic']);
    on.put('lakerunner-common', 'CREATE_COMPLETE', {
      parameters: { ...parameters, Size: '4' },
      body: COMMON,
    });
    await expect(plan(on, [], ['setup'])).rejects.toThrow(/needs the export lakerunner-common-Gateway/);
  });

  it('takes exports of stacks that are not of the system as they come', async () => {
    const on = new FakeCloud();
    on.put('lakerunner-common', 'CREATE_COMPLETE', { parameters: { VpcId: 'vpc-00000001' }, body: COMMON });
    const wanted = await plan(on, ['CommonInfraStackName=theirs'], ['setup']);
    expect(linesOf(wanted, 'setup')).toEqual(['add Topic']);
  });

  it('does not hold the mask of a secret that is there for its value', async () => {
    const on = new FakeCloud();
    const parameters = { VpcId: 'vpc-00000001', Secret: 'abc', Size: '5', Kind: 'plain' };
    on.put('lakerunner-common', 'CREATE_COMPLETE', { parameters, body: COMMON });
    expect((await plan(on, [], ['common'])).stacks).toMatchObject([{ action: 'none' }]);
    // Empty, it is masked likewise: no rule about it can be judged.
    parameters.Secret = '';
    expect((await plan(on, ['Size=4'], ['common'])).stacks).toMatchObject([{ action: 'update' }]);
  });
});
