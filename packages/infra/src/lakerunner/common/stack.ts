import { CfnCondition, type CfnParameter, CfnRule, Fn, Token } from 'aws-cdk-lib/core';
import { stackDefaults } from '../../defaults.ts';
import { TemplateStack } from '../../template-stack.ts';
import { type ByoParameters, byoParameters, createdConditions, type Switch } from '../byo.ts';
import { Configuration } from './configuration.ts';
import { Database } from './database.ts';
import { FileSystem } from './file-system.ts';
import { TaskNetwork } from './network.ts';
import { settingParameters } from './parameters.ts';
import { IngestStorage } from './storage.ts';

/** What the stacks of an install share, made here or brought; who imports it cannot tell which. */
export class CommonStack extends TemplateStack {
  readonly #byo: ByoParameters;
  readonly #created: Readonly<Record<Switch, CfnCondition>>;

  constructor() {
    super(
      'Lakerunner common infrastructure: cluster, database, bucket and queue, file system, configuration.',
    );
    const network = this.#network();
    const { vpcId, privateSubnets } = network;
    const settings = settingParameters(this);
    this.#byo = byoParameters(this);
    this.groups([
      { label: 'Network', parameters: ['VpcId', 'PrivateSubnets', 'PublicSubnets'] },
      { label: 'Settings', parameters: Object.keys(settings) },
      this.#byo.group,
    ]);

    const created = createdConditions(this, this.#byo);
    this.#created = created;
    const tasks = new TaskNetwork(this, { created: created.CreateECSInfrastructure, vpcId });
    // By its name rather than by the switch, which the rules make the same: so cfn-lint knows that it is no empty id.
    const brought = new CfnCondition(this, 'HasExistingSecurityGroup', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.#existing('ExistingSecurityGroupId'), '')),
    });
    const taskGroupId = Fn.conditionIf(
      brought.logicalId,
      this.#existing('ExistingSecurityGroupId'),
      tasks.group.attrGroupId,
    ).toString();
    const storage = new IngestStorage(this, {
      created: created.CreateS3Storage,
      rawRetentionDays: settings.RawRetentionDays,
      blockPublicAccess: this.#isYes('BlocksPublicAccess', settings.BlockPublicAccess),
    });
    const bucketName = this.#made(
      'CreateS3Storage',
      storage.bucket.ref,
      bucketOfArn(this.#existing('ExistingBucketArn')),
    );
    const database = new Database(this, {
      created: created.CreateRDS,
      instanceClass: settings.DbInstanceClass,
      ...{ vpcId, privateSubnets, taskGroupId },
    });
    const files = new FileSystem(this, { vpcId, privateSubnets, taskGroupId });
    const configuration = new Configuration(this, {
      defaults: stackDefaults(),
      apiKeysOverride: settings.ApiKeysOverride,
      storageProfilesOverride: settings.StorageProfilesOverride,
      bucketName,
    });

    this.#networkOutputs(network);
    this.#taskOutputs(tasks, taskGroupId);
    this.#storageOutputs(storage, bucketName);
    this.#databaseOutputs(database);
    this.output('EfsId', files.fileSystem.ref, { description: 'File system' });
    this.#configurationOutputs(configuration);
  }

  #network() {
    const vpcId = this.parameter('VpcId', {
      label: 'VPC',
      type: 'AWS::EC2::VPC::Id',
      description: 'Where everything is made.',
    });
    const privateSubnets = this.parameter('PrivateSubnets', {
      label: 'Private subnets',
      type: 'List<AWS::EC2::Subnet::Id>',
      description: 'Two or more, in different zones: for tasks, database and file system.',
    });
    const publicSubnets = this.parameter('PublicSubnets', {
      label: 'Public subnets',
      type: 'CommaDelimitedList',
      default: '',
      description:
        'Two or more, in different zones: for internet-facing load balancers. None: those are internal.',
    });
    new CfnRule(this, 'SubnetsOfVpc', {
      assertions: [
        {
          assert: Fn.conditionEachMemberIn(
            Fn.valueOfAll('AWS::EC2::Subnet::Id', 'VpcId'),
            Fn.refAll('AWS::EC2::VPC::Id'),
          ),
          assertDescription: 'PrivateSubnets are subnets of VpcId',
        },
      ],
    });
    const hasPublicSubnets = new CfnCondition(this, 'HasPublicSubnets', {
      expression: Fn.conditionNot(Fn.conditionEquals(Fn.join('', publicSubnets.valueAsList), '')),
    });
    return { vpcId, privateSubnets, publicSubnets, hasPublicSubnets };
  }

  #networkOutputs(network: {
    vpcId: CfnParameter;
    privateSubnets: CfnParameter;
    publicSubnets: CfnParameter;
    hasPublicSubnets: CfnCondition;
  }): void {
    const { vpcId, privateSubnets, publicSubnets, hasPublicSubnets } = network;
    this.output('VpcId', vpcId.valueAsString, { description: 'VPC' });
    this.output('PrivateSubnets', Fn.join(',', privateSubnets.valueAsList), {
      description: 'Private subnet ids, comma-separated',
    });
    this.output('PublicSubnets', Fn.join(',', publicSubnets.valueAsList), {
      description: 'Public subnet ids, comma-separated',
      condition: hasPublicSubnets,
    });
    this.output(
      'SupportsInternetFacingAlb',
      Fn.conditionIf(hasPublicSubnets.logicalId, 'Yes', 'No').toString(),
      {
        description: 'Whether there are public subnets',
      },
    );
  }

  #taskOutputs(tasks: TaskNetwork, taskGroupId: string): void {
    const clusterArn = this.#made(
      'CreateECSInfrastructure',
      tasks.cluster.attrArn,
      this.#existing('ExistingClusterArn'),
    );
    this.output('ClusterArn', clusterArn, { description: 'ECS cluster' });
    this.output('TaskSecurityGroupId', taskGroupId, {
      description: 'Security group of all tasks',
      exportName: 'TaskSGId',
    });
  }

  #storageOutputs({ bucket, queue }: IngestStorage, bucketName: string): void {
    const values = {
      BucketArn: [bucket.attrArn, 'ExistingBucketArn', 'ARN of the bucket'],
      QueueUrl: [queue.ref, 'ExistingQueueUrl', 'URL of the queue of notifications'],
      QueueArn: [queue.attrArn, 'ExistingQueueArn', 'ARN of the queue of notifications'],
    };
    this.output('BucketName', bucketName, { description: 'Bucket of raw objects and segments' });
    for (const [name, [made, existing, description]] of Object.entries(values)) {
      this.output(name, this.#made('CreateS3Storage', made, this.#existing(existing)), { description });
    }
  }

  #databaseOutputs({ instance, secret, name: database }: Database): void {
    const values = {
      DbEndpoint: [instance.attrEndpointAddress, 'ExistingDatabaseEndpoint', 'Host name of the database'],
      DbPort: [instance.attrEndpointPort, 'ExistingDatabasePort', 'Port of the database'],
      DbName: [database, 'ExistingDatabaseName', 'Name of the database'],
      DbSecretArn: [secret.ref, 'ExistingDatabaseSecretArn', 'Secret with username and password'],
    };
    for (const [name, [made, existing, description]] of Object.entries(values)) {
      this.output(name, this.#made('CreateRDS', made, this.#existing(existing)), { description });
    }
  }

  #configurationOutputs({ apiKey, apiKeys, storageProfiles, storageProfilesArn }: Configuration): void {
    this.output('StorageProfilesParamName', storageProfiles.ref, { description: 'SSM parameter, by name' });
    this.output('StorageProfilesParamArn', storageProfilesArn, { description: 'SSM parameter, by ARN' });
    this.output('ApiKeysSecretArn', apiKeys.ref, { description: 'Secret with the YAML list of API keys' });
    this.output('ApiKeySecretArn', apiKey.ref, {
      description:
        'Secret with organization_id and the generated api_key; ApiKeysOverride does not change it',
    });
  }

  #existing(name: string): string {
    return Token.asString(this.#byo.existing[name].value);
  }

  #made(which: Switch, made: string, existing: string): string {
    return Fn.conditionIf(this.#created[which].logicalId, made, existing).toString();
  }

  #isYes(id: string, parameter: CfnParameter): CfnCondition {
    return new CfnCondition(this, id, {
      expression: Fn.conditionEquals(parameter.valueAsString, 'Yes'),
    });
  }
}

/** The bucket's name out of `arn:aws:s3:::name`; empty when there is no ARN, so that nothing is selected in vain. */
function bucketOfArn(arn: string): string {
  return Fn.select(5, Fn.split(':', Fn.join('', [arn, ':::::'])));
}
