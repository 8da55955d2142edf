import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { type CfnCondition, type CfnParameter, type CfnTag, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { BETWEEN_TASKS, PORTS } from '../ports.ts';

/** The cluster, and the one security group of all tasks. */
export class TaskNetwork extends Construct {
  readonly cluster: CfnCluster;
  readonly group: CfnSecurityGroup;

  constructor(scope: Construct, props: { readonly created: CfnCondition; readonly vpcId: CfnParameter }) {
    super(scope, 'TaskNetwork');
    this.cluster = new CfnCluster(this, 'Cluster', {});
    // Egress is EC2's own default: to state it makes CloudFormation revoke and grant it, which some policies forbid.
    this.group = new CfnSecurityGroup(this, 'TaskSG', {
      groupDescription: 'Lakerunner tasks',
      vpcId: props.vpcId.valueAsString,
      tags: nameTag('tasks'),
    });
    const rules = BETWEEN_TASKS.map((name) =>
      ingressFrom(this.group.attrGroupId, this, `TaskSG${PORTS[name]}Self`, this.group, PORTS[name]),
    );
    for (const resource of [this.cluster, this.group, ...rules]) {
      resource.cfnOptions.condition = props.created;
    }
  }
}

/** `${AWS::StackName}-suffix` as what the console shows for a name. */
export function nameTag(suffix: string): CfnTag[] {
  return [{ key: 'Name', value: Fn.sub(`\${AWS::StackName}-${suffix}`) }];
}

/** Lets `source`, a security group's id, reach `port` of what is in `group`. */
export function ingressFrom(
  source: string,
  scope: Construct,
  id: string,
  group: CfnSecurityGroup,
  port: number,
): CfnSecurityGroupIngress {
  return new CfnSecurityGroupIngress(scope, id, {
    groupId: group.attrGroupId,
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    sourceSecurityGroupId: source,
    description: `tasks on ${port}`,
  });
}
