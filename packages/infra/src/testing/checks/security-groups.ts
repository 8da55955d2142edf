import type { Json } from '@lakewright/deploy';
import { type Check, finding, listAt, resourcesOf, textAt } from '../deployment.ts';

const TYPES = ['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'];

/** What EC2 takes in descriptions of groups and rules; `>` is not among it (AuthorizeSecurityGroupIngress, IpRange). */
const DESCRIPTION = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/;

/** Descriptions of groups and rules that EC2 takes: cfn-lint does not look at those of rules. */
export const securityGroupTexts: Check = (deployment) =>
  resourcesOf(deployment, ...TYPES).flatMap((resource) => {
    const { properties } = resource;
    const texts = [
      textAt(properties, 'GroupDescription'),
      ...[properties, ...rules(properties)].map((rule) => textAt(rule, 'Description')),
    ];
    return texts
      .filter((text) => !DESCRIPTION.test(text))
      .map((text) => finding(resource, `EC2 refuses the description ${JSON.stringify(text)}`));
  });

/** Nothing lets the whole internet in. */
export const closedToTheInternet: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress').flatMap((resource) => {
    const all = [resource.properties, ...listAt(resource.properties, 'SecurityGroupIngress')];
    const open = all.filter((rule) =>
      ['0.0.0.0/0', '::/0'].includes(textAt(rule, 'CidrIp') || textAt(rule, 'CidrIpv6')),
    );
    return open.map((rule) => finding(resource, `lets the internet in on ${textAt(rule, 'FromPort')}`));
  });

/** Groups say what they let in; an egress rule that is the default makes CloudFormation revoke it first. */
export const defaultEgress: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::EC2::SecurityGroup').flatMap((resource) =>
    listAt(resource.properties, 'SecurityGroupEgress')
      .filter((rule) => textAt(rule, 'IpProtocol') === '-1' && textAt(rule, 'CidrIp') === '0.0.0.0/0')
      .map(() => finding(resource, 'an egress rule that is the default needs rights that may be withheld')),
  );

function rules(properties: Json): readonly Json[] {
  return [...listAt(properties, 'SecurityGroupIngress'), ...listAt(properties, 'SecurityGroupEgress')];
}
