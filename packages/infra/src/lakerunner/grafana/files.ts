import type { CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { CfnAccessPoint } from 'aws-cdk-lib/aws-efs';
import { type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { importedFrom } from '../../template-stack.ts';
import { MOUNT_TARGETS } from '../common/file-system.ts';
import { allow, type Statement } from '../roles.ts';

/** The user of the stock image. Through the access point everybody is it. */
const GRAFANA_USER = '472';

/** What Grafana keeps: a directory of its own in the file system of the common stack, which no other task reaches. */
export class GrafanaFiles extends Construct {
  readonly #common: CfnParameter;
  readonly #accessPoint: CfnAccessPoint;

  constructor(scope: Construct, common: CfnParameter) {
    super(scope, 'Files');
    this.#common = common;
    this.#accessPoint = new CfnAccessPoint(this, 'EfsAccessPointGrafana', {
      fileSystemId: importedFrom(common, 'EfsId'),
      posixUser: { uid: GRAFANA_USER, gid: GRAFANA_USER },
      rootDirectory: {
        path: '/grafana',
        creationInfo: { ownerUid: GRAFANA_USER, ownerGid: GRAFANA_USER, permissions: '0750' },
      },
    });
  }

  volume(name: string): CfnTaskDefinition.VolumeProperty {
    return {
      name,
      efsVolumeConfiguration: {
        filesystemId: importedFrom(this.#common, 'EfsId'),
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: this.#accessPoint.ref, iam: 'ENABLED' },
      },
    };
  }

  /** Where it can be mounted: the name of a file system is answered only in zones that have a mount target. */
  subnets(): string[] {
    const all = Fn.split(',', importedFrom(this.#common, 'PrivateSubnets'));
    return MOUNT_TARGETS.map((index) => Fn.select(index, all));
  }

  /** Mounting and writing, through this access point alone. */
  access(): Statement {
    const arn = `arn:\${AWS::Partition}:elasticfilesystem:\${AWS::Region}:\${AWS::AccountId}:file-system/\${Efs}`;
    return allow(
      ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
      Fn.sub(arn, { Efs: importedFrom(this.#common, 'EfsId') }),
      { ArnEquals: { 'elasticfilesystem:AccessPointArn': this.#accessPoint.attrArn } },
    );
  }
}
