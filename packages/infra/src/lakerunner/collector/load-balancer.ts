import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { CfnListener, CfnLoadBalancer, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Aws, type CfnCondition, type CfnParameter } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { importedFrom } from '../../template-stack.ts';
import { either, eitherList, eitherNumber, eitherText } from '../conditions.ts';
import { PORTS } from '../ports.ts';
import { loadBalancerSubnets, TLS_POLICY, targetsNameOf } from '../services/load-balancer.ts';
import type { Attachment } from '../services/service.ts';

/** Where Lakerunner's collector says whether it lives. */
const LAKERUNNERS_HEALTH_PORT = 13_133;

export interface GatewayBalancerMeans {
  readonly common: CfnParameter;
  readonly scheme: CfnParameter;
  readonly isInternetFacing: CfnCondition;
  readonly sourceCidr: CfnParameter;
  readonly certificateArn: CfnParameter;
  readonly hasCertificate: CfnCondition;
  readonly isLakerunners: CfnCondition;
}

/** A network load balancer for OTLP: one for applications speaks gRPC with a certificate alone. */
export class GatewayBalancer extends Construct {
  readonly balancer: CfnLoadBalancer;
  readonly behind: readonly Attachment[];
  readonly #means: GatewayBalancerMeans;
  readonly #group: CfnSecurityGroup;

  constructor(scope: Construct, means: GatewayBalancerMeans) {
    super(scope, 'LoadBalancing');
    this.#means = means;
    const { common, scheme, isInternetFacing } = means;
    this.#group = new CfnSecurityGroup(this, 'LoadBalancerSecurityGroup', {
      groupDescription: 'Load balancer of the OTLP gateway',
      vpcId: importedFrom(common, 'VpcId'),
    });
    this.balancer = new CfnLoadBalancer(this, 'LoadBalancer', {
      type: 'network',
      scheme: scheme.valueAsString,
      subnets: loadBalancerSubnets(common, isInternetFacing),
      securityGroups: [this.#group.attrGroupId],
      loadBalancerAttributes: [{ key: 'load_balancing.cross_zone.enabled', value: 'true' }],
    });
    this.#letIn();
    this.behind = [
      this.#listen('OtelGrpc', 'Grpc', PORTS.otlpGrpc, ['HTTP2Preferred']),
      this.#listen('OtelHttp', 'Http', PORTS.otlpHttp, ['HTTP1Only']),
    ];
  }

  #letIn(): void {
    const { common, sourceCidr, isLakerunners } = this.#means;
    const taskGroup = importedFrom(common, 'TaskSGId');
    const health = eitherNumber(isLakerunners, LAKERUNNERS_HEALTH_PORT, PORTS.health);
    const fromBalancer = (id: string, port: number, description: string) =>
      this.#ingress(id, taskGroup, port, {
        sourceSecurityGroupId: this.#group.attrGroupId,
        description,
      });
    for (const port of [PORTS.otlpGrpc, PORTS.otlpHttp]) {
      this.#ingress(`LoadBalancer${port}Open`, this.#group.attrGroupId, port, {
        cidrIp: sourceCidr.valueAsString,
        description: `senders to port ${port}`,
      });
      fromBalancer(`TaskFromLoadBalancer${port}`, port, `OTLP load balancer to port ${port}`);
      this.#ingress(`Task${port}Self`, taskGroup, port, {
        sourceSecurityGroupId: taskGroup,
        description: `task to task ${port}`,
      });
    }
    fromBalancer('TaskFromLoadBalancerHealth', health, 'OTLP load balancer to the health port');
  }

  #ingress(
    id: string,
    groupId: string,
    port: number,
    from: { cidrIp?: string; sourceSecurityGroupId?: string; description: string },
  ): void {
    new CfnSecurityGroupIngress(this, id, {
      groupId,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      ...from,
    });
  }

  #listen(group: string, listener: string, port: number, alpn: readonly string[]): Attachment {
    const { common, scheme, certificateArn, hasCertificate, isLakerunners } = this.#means;
    const targets = new CfnTargetGroup(this, `${group}TargetGroup`, {
      ...{ name: targetsNameOf(port, scheme), port, protocol: 'TCP', targetType: 'ip' },
      vpcId: importedFrom(common, 'VpcId'),
      healthCheckProtocol: 'HTTP',
      healthCheckPort: eitherText(isLakerunners, String(LAKERUNNERS_HEALTH_PORT), String(PORTS.health)),
      // Whether it lives: a gateway goes on storing what it is sent while the database is away.
      healthCheckPath: '/healthz',
      healthCheckIntervalSeconds: 10,
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
      targetGroupAttributes: [{ key: 'deregistration_delay.timeout_seconds', value: '30' }],
    });
    return {
      port,
      targets,
      listener: new CfnListener(this, `${listener}Listener`, {
        loadBalancerArn: this.balancer.ref,
        port,
        protocol: eitherText(hasCertificate, 'TLS', 'TCP'),
        certificates: either(
          hasCertificate,
          [{ CertificateArn: certificateArn.valueAsString }],
          Aws.NO_VALUE,
        ),
        sslPolicy: eitherText(hasCertificate, TLS_POLICY, Aws.NO_VALUE),
        alpnPolicy: eitherList(hasCertificate, alpn, Aws.NO_VALUE),
        defaultActions: [{ type: 'forward', targetGroupArn: targets.ref }],
      }),
    };
  }
}
