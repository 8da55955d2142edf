import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnFileSystem, CfnMountTarget } from 'aws-cdk-lib/aws-efs';
import { CfnDeletionPolicy, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { PORTS } from '../ports.ts';
import { ingressFrom, nameTag } from './network.ts';

/** By position, the private subnets in which the file system can be mounted. */
export const MOUNT_TARGETS = [0, 1] as const;

/** What a task keeps beyond its own life: Grafana's users and dashboards. */
export class FileSystem extends Construct {
  readonly fileSystem: CfnFileSystem;

  constructor(
    scope: Construct,
    props: {
      readonly vpcId: CfnParameter;
      readonly privateSubnets: CfnParameter;
      readonly taskGroupId: string;
    },
  ) {
    super(scope, 'FileSystem');
    this.fileSystem = new CfnFileSystem(this, 'Efs', {
      encrypted: true,
      fileSystemTags: nameTag('efs'),
      fileSystemPolicy: BY_ROLE_OVER_TLS,
    });
    this.fileSystem.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
    this.fileSystem.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    const group = new CfnSecurityGroup(this, 'EfsSecurityGroup', {
      groupDescription: 'Lakerunner file system',
      vpcId: props.vpcId.valueAsString,
      tags: nameTag('efs'),
    });
    ingressFrom(props.taskGroupId, this, 'EfsFromTasks', group, PORTS.nfs);
    for (const index of MOUNT_TARGETS) {
      new CfnMountTarget(this, `EfsMt${index + 1}`, {
        fileSystemId: this.fileSystem.ref,
        subnetId: Fn.select(index, props.privateSubnets.valueAsList),
        securityGroups: [group.attrGroupId],
      });
    }
  }
}

/**
 * Mounting is what the roles of tasks say, each for its access point: who is let in by the security group alone, without
 * a role, may not mount, which ClientMount would be for. Everything goes over TLS.
 */
const BY_ROLE_OVER_TLS = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: 'elasticfilesystem:ClientWrite',
      Condition: { Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
    },
    {
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
};
