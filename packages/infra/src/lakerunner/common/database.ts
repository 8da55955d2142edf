import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnDBInstance, CfnDBParameterGroup, CfnDBSubnetGroup } from 'aws-cdk-lib/aws-rds';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type CfnCondition, CfnDeletionPolicy, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { PORTS } from '../ports.ts';
import { ingressFrom, nameTag } from './network.ts';

/**
 * What a new instance begins with; RDS takes it to newer minor versions itself. Lower it never, and raise it only to
 * a version that no instance has left behind: RDS refuses to go back.
 */
const ENGINE_VERSION = '17.9';
const FAMILY = 'postgres17';

const STORAGE_GIB = 100;
/** RDS adds storage until then, rather than that the catalog stands still. */
const MAX_STORAGE_GIB = 1000;
const BACKUP_DAYS = 7;

const DATABASE_NAME = 'lakerunner';
const PASSWORD_LENGTH = 40;

/** The catalog's PostgreSQL, which only the tasks reach and only over TLS, and the secret of its owner. */
export class Database extends Construct {
  readonly instance: CfnDBInstance;
  readonly secret: CfnSecret;
  readonly name = DATABASE_NAME;

  constructor(
    scope: Construct,
    props: {
      readonly created: CfnCondition;
      readonly vpcId: CfnParameter;
      readonly privateSubnets: CfnParameter;
      readonly instanceClass: CfnParameter;
      readonly taskGroupId: string;
    },
  ) {
    super(scope, 'Database');
    this.secret = new CfnSecret(this, 'DbSecret', {
      description: 'Owner of the Lakerunner database',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: 'lakerunner' }),
        generateStringKey: 'password',
        passwordLength: PASSWORD_LENGTH,
        // They would have to be escaped in a URL.
        excludePunctuation: true,
      },
    });
    const group = new CfnSecurityGroup(this, 'DatabaseSecurityGroup', {
      groupDescription: 'Lakerunner database',
      vpcId: props.vpcId.valueAsString,
      tags: nameTag('database'),
    });
    const rule = ingressFrom(props.taskGroupId, this, 'DatabaseFromTasks', group, PORTS.database);
    const subnets = new CfnDBSubnetGroup(this, 'DbSubnetGroup', {
      dbSubnetGroupDescription: 'Lakerunner private subnets',
      subnetIds: props.privateSubnets.valueAsList,
    });
    const parameters = new CfnDBParameterGroup(this, 'DbParameterGroup', {
      family: FAMILY,
      description: 'Lakerunner: TLS only',
      parameters: { 'rds.force_ssl': '1' },
    });
    this.instance = new CfnDBInstance(this, 'LakerunnerDb', {
      engine: 'postgres',
      engineVersion: ENGINE_VERSION,
      autoMinorVersionUpgrade: true,
      dbInstanceClass: props.instanceClass.valueAsString,
      dbName: DATABASE_NAME,
      port: String(PORTS.database),
      masterUsername: this.#fromSecret('username'),
      masterUserPassword: this.#fromSecret('password'),
      dbParameterGroupName: parameters.ref,
      dbSubnetGroupName: subnets.ref,
      vpcSecurityGroups: [group.attrGroupId],
      publiclyAccessible: false,
      multiAz: false,
      storageType: 'gp3',
      allocatedStorage: String(STORAGE_GIB),
      maxAllocatedStorage: MAX_STORAGE_GIB,
      storageEncrypted: true,
      backupRetentionPeriod: BACKUP_DAYS,
      copyTagsToSnapshot: true,
      // The stack's own termination protection is for that; the last snapshot stays in any case.
      deletionProtection: false,
    });
    this.instance.cfnOptions.deletionPolicy = CfnDeletionPolicy.SNAPSHOT;
    this.instance.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.SNAPSHOT;
    for (const resource of [this.secret, group, rule, subnets, parameters, this.instance]) {
      resource.cfnOptions.condition = props.created;
    }
  }

  #fromSecret(field: string): string {
    return Fn.sub(`{{resolve:secretsmanager:\${${this.secret.node.id}}:SecretString:${field}}}`);
  }
}
