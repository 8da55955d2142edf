import { type CfnParameter, CfnRule, Fn, type ICfnConditionExpression } from 'aws-cdk-lib/core';
import type { TemplateStack } from '../../template-stack.ts';
import { not } from '../conditions.ts';
import type { RootParameters } from './parameters.ts';

const is = (parameter: CfnParameter, value: string) => Fn.conditionEquals(parameter.valueAsString, value);
const given = (parameter: CfnParameter) => not(is(parameter, ''));

/** What cannot work, said before anything is made. */
export function rootRules(stack: TemplateStack, parameters: RootParameters): void {
  const { byo, parts, scheme, publicSubnets, privateSubnets, settings } = parameters;
  const [public1, public2] = publicSubnets;
  const [private1, private2] = privateSubnets;
  const rule = (
    id: string,
    ruleCondition: ICfnConditionExpression | undefined,
    ...assertions: [ICfnConditionExpression, string][]
  ) =>
    new CfnRule(stack, id, {
      ruleCondition,
      assertions: assertions.map(([assert, assertDescription]) => ({ assert, assertDescription })),
    });

  rule('SubnetsOfVpc', undefined, [
    Fn.conditionEachMemberIn(Fn.valueOfAll('AWS::EC2::Subnet::Id', 'VpcId'), Fn.refAll('AWS::EC2::VPC::Id')),
    'PrivateSubnet1Id and PrivateSubnet2Id are subnets of VPCId',
  ]);
  rule('TwoPrivateSubnets', undefined, [
    not(Fn.conditionEquals(private1.valueAsString, private2.valueAsString)),
    'PrivateSubnet1Id and PrivateSubnet2Id are two subnets',
  ]);
  rule('TwoPublicSubnets', Fn.conditionOr(given(public1), given(public2)), [
    Fn.conditionAnd(
      given(public1),
      given(public2),
      not(Fn.conditionEquals(public1.valueAsString, public2.valueAsString)),
    ),
    'PublicSubnet1Id and PublicSubnet2Id are two subnets, or neither is given',
  ]);
  rule('InternetFacing', is(scheme, 'internet-facing'), [
    Fn.conditionAnd(given(public1), given(public2)),
    'AlbScheme=internet-facing needs PublicSubnet1Id and PublicSubnet2Id',
  ]);
  rule(
    'TaskRoleOfBrought',
    Fn.conditionOr(is(byo.switches.CreateS3Storage, 'No'), is(byo.switches.CreateRDS, 'No')),
    [
      given(parameters.taskRoleArn),
      'CreateS3Storage=No and CreateRDS=No need ExistingTaskRoleArn, a role that may use what you bring',
    ],
  );
  rule('GrafanaNeedsServices', is(parts.CreateGrafana, 'Yes'), [
    is(parts.CreateECSServices, 'Yes'),
    'CreateGrafana=Yes needs CreateECSServices=Yes',
  ]);
  rule(
    'OverrideNeedsKey',
    Fn.conditionAnd(
      given(settings.ApiKeysOverride),
      Fn.conditionOr(is(parts.CreateGrafana, 'Yes'), is(parts.CreateDemoApps, 'Yes')),
    ),
    [
      given(parameters.apiKeySecretArn),
      'Grafana and the demo need ApiKeySecretArn with ApiKeysOverride, since the generated key opens nothing then',
    ],
  );
  rule(
    'DemoNeedsOthers',
    is(parts.CreateDemoApps, 'Yes'),
    [is(parts.CreateECSServices, 'Yes'), 'CreateDemoApps=Yes needs CreateECSServices=Yes'],
    [is(parts.CreateCollector, 'Yes'), 'CreateDemoApps=Yes needs CreateCollector=Yes'],
  );
}
