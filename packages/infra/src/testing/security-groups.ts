import type { Json } from '@lakewright/deploy';
import { type Deployment, listAt, resourcesOf, textAt } from './deployment.ts';

/** Who lets whom in. */
export class SecurityGroups {
  readonly #rules = new Map<string, IngressRule[]>();

  constructor(deployment: Deployment) {
    for (const { ref = '', properties } of resourcesOf(deployment, 'AWS::EC2::SecurityGroup')) {
      this.#rules.set(ref, listAt(properties, 'SecurityGroupIngress').map(ingressRule));
    }
    for (const { properties } of resourcesOf(deployment, 'AWS::EC2::SecurityGroupIngress')) {
      this.#rules.get(textAt(properties, 'GroupId'))?.push(ingressRule(properties));
    }
  }

  /**
   * Whether one of `groups` admits TCP on `port` from a member of one of the groups `from`. Rules with addresses do not
   * count: which addresses a member has, they do not know. A group that is not made here is taken to do so.
   */
  admits(groups: readonly string[], port: number, from: readonly string[]): boolean {
    return groups.some((group) => {
      const rules = this.#rules.get(group);
      return rules === undefined || rules.some((rule) => covers(rule, port) && isFrom(rule, from));
    });
  }

  /** Whether one of `groups` admits anybody of an address range on `port`. */
  admitsAddresses(groups: readonly string[], port: number): boolean {
    return groups.some((group) => {
      const rules = this.#rules.get(group);
      return rules === undefined || rules.some((rule) => covers(rule, port) && rule.cidr !== '');
    });
  }
}

interface IngressRule {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly cidr: string;
  readonly group: string;
}

function ingressRule(value: Json): IngressRule {
  return {
    protocol: textAt(value, 'IpProtocol'),
    from: Number(textAt(value, 'FromPort') || 0),
    to: Number(textAt(value, 'ToPort') || 65_535),
    cidr: textAt(value, 'CidrIp') || textAt(value, 'CidrIpv6'),
    group: textAt(value, 'SourceSecurityGroupId'),
  };
}

function covers({ protocol, from, to }: IngressRule, port: number): boolean {
  if (protocol === '-1') return true;
  return ['tcp', '6'].includes(protocol) && from <= port && port <= to;
}

function isFrom({ group }: IngressRule, from: readonly string[]): boolean {
  return group !== '' && from.includes(group);
}
