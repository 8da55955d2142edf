import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { CfnListener, CfnLoadBalancer, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Aws, type CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { importedFrom } from '../../template-stack.ts';
import { either, eitherList, eitherText } from '../conditions.ts';

export const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-2021-06';

export interface LoadBalancerMeans {
  readonly common: CfnParameter;
  readonly scheme: CfnParameter;
  readonly isInternetFacing: CfnCondition;
  readonly sourceCidr: CfnParameter;
}

/** The subnets of a load balancer: those for the internet, or those of the tasks. */
export function loadBalancerSubnets(common: CfnParameter, isInternetFacing: CfnCondition): string[] {
  return eitherList(
    isInternetFacing,
    Fn.split(',', importedFrom(common, 'PublicSubnets')),
    Fn.split(',', importedFrom(common, 'PrivateSubnets')),
  );
}

/** Lets `cidr` reach `port` of a load balancer, and it that port of the tasks. */
export function openPort(
  scope: Construct,
  options: { port: number; balancerGroup: string; taskGroup: string; cidr: string },
): void {
  const { port, balancerGroup, taskGroup, cidr } = options;
  const tcp = { ipProtocol: 'tcp', fromPort: port, toPort: port };
  new CfnSecurityGroupIngress(scope, `Alb${port}Open`, {
    groupId: balancerGroup,
    ...tcp,
    cidrIp: cidr,
    description: `clients to port ${port}`,
  });
  new CfnSecurityGroupIngress(scope, `TaskFromAlb${port}`, {
    groupId: taskGroup,
    ...tcp,
    sourceSecurityGroupId: balancerGroup,
    description: `load balancer to port ${port}`,
  });
}

/**
 * The name of a target group, of 29 characters at most. A load balancer is replaced when its scheme changes, and Elastic Load
 * Balancing lets no target group be of two: with another name it is replaced, too. The beginning is of the stack's id.
 */
export function targetsNameOf(port: number, scheme: CfnParameter): string {
  const stack = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
  return Fn.join('-', [stack, String(port), scheme.valueAsString]);
}

/** A target group of tasks that speak HTTP, and the listener of the same port. */
export function httpListener(
  scope: Construct,
  options: {
    port: number;
    balancer: string;
    vpcId: string;
    healthPath: string;
    /** Left to CloudFormation when left out. */
    targetsName?: string;
    certificateArn: CfnParameter;
    hasCertificate: CfnCondition;
  },
): { port: number; targets: CfnTargetGroup; listener: CfnListener } {
  const { port, balancer, vpcId, healthPath, targetsName, certificateArn, hasCertificate } = options;
  const targets = new CfnTargetGroup(scope, `Tg${port}`, {
    ...{ name: targetsName, port, protocol: 'HTTP', targetType: 'ip', vpcId },
    healthCheckPath: healthPath,
    healthCheckIntervalSeconds: 15,
    healthCheckTimeoutSeconds: 5,
    healthyThresholdCount: 2,
    // A database that is away for a minute is no reason to start every task anew.
    unhealthyThresholdCount: 6,
    matcher: { httpCode: '200' },
    targetGroupAttributes: [{ key: 'deregistration_delay.timeout_seconds', value: '30' }],
  });
  const listener = new CfnListener(scope, `Listener${port}`, {
    loadBalancerArn: balancer,
    port,
    protocol: eitherText(hasCertificate, 'HTTPS', 'HTTP'),
    certificates: either(hasCertificate, [{ CertificateArn: certificateArn.valueAsString }], Aws.NO_VALUE),
    sslPolicy: eitherText(hasCertificate, TLS_POLICY, Aws.NO_VALUE),
    defaultActions: [{ type: 'forward', targetGroupArn: targets.ref }],
  });
  return { port, targets, listener };
}

/** The load balancer of the query API, which Grafana's stack shares. */
export class Alb extends Construct {
  readonly balancer: CfnLoadBalancer;
  readonly group: CfnSecurityGroup;

  constructor(scope: Construct, { common, scheme, isInternetFacing, sourceCidr }: LoadBalancerMeans) {
    super(scope, 'LoadBalancer');
    this.group = new CfnSecurityGroup(this, 'AlbSecurityGroup', {
      groupDescription: 'Load balancer of the query API and Grafana',
      vpcId: importedFrom(common, 'VpcId'),
    });
    openPort(this, {
      port: 7101,
      balancerGroup: this.group.attrGroupId,
      taskGroup: importedFrom(common, 'TaskSGId'),
      cidr: sourceCidr.valueAsString,
    });
    this.balancer = new CfnLoadBalancer(this, 'Alb', {
      type: 'application',
      scheme: scheme.valueAsString,
      subnets: loadBalancerSubnets(common, isInternetFacing),
      securityGroups: [this.group.attrGroupId],
      loadBalancerAttributes: [{ key: 'routing.http.drop_invalid_header_fields.enabled', value: 'true' }],
    });
  }
}
