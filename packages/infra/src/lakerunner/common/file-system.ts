import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnFileSystem, CfnMountTarget } from 'aws-cdk-lib/aws-efs';
import { CfnDeletionPolicy, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { PORTS } from '../ports.ts';
import { ingressFrom, nameTag } from './network.ts';

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
      fileSystemPolicy: MOUNTED_OVER_TLS,
    });
    this.fileSystem.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
    this.fileSystem.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    const group = new CfnSecurityGroup(this, 'EfsSecurityGroup', {
      groupDescription: 'Lakerunner file system',
      vpcId: props.vpcId.valueAsString,
      tags: nameTag('efs'),
    });
    ingressFrom(props.taskGroupId, this, 'EfsFromTasks', group, PORTS.nfs);
    for (const index of [0, 1]) {
      new CfnMountTarget(this, `EfsMt${index + 1}`, {
        fileSystemId: this.fileSystem.ref,
        subnetId: Fn.select(index, props.privateSubnets.valueAsList),
        securityGroups: [group.attrGroupId],
      });
    }
  }
}

/** Whom the security group lets in may mount it, and over TLS alone. */
const MOUNTED_OVER_TLS = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: [
        'elasticfilesystem:ClientMount',
        'elasticfilesystem:ClientWrite',
        'elasticfilesystem:ClientRootAccess',
      ],
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
