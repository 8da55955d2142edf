import { BadInputError } from '@lakewright/core';
import { nearest } from '../nearest.ts';
import { type Finding, problem } from './finding.ts';

/** What somebody brings to an install, of what the root template's parameters say. */
export interface Brought {
  readonly network: {
    readonly vpcId: string;
    readonly privateSubnetIds: readonly string[];
    readonly publicSubnetIds: readonly string[];
  };
  readonly storage: Storage | undefined;
  readonly database: Database | undefined;
  readonly compute: { readonly clusterArn: string; readonly securityGroupId: string } | undefined;
  readonly taskRoleArn: string | undefined;
  /** The one key that an install's own roles may use. */
  readonly kmsKeyArn: string | undefined;
}

export interface Storage {
  readonly bucketArn: string;
  readonly bucket: string;
  readonly queueArn: string;
  readonly queueUrl: string;
}

export interface Database {
  readonly endpoint: string;
  readonly port: number;
  readonly name: string;
  readonly secretArn: string;
}

/** What each parameter must look like. Names of the root template, then those of the single stacks that differ. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  VPCId: /^vpc-[0-9a-f]+$/,
  PrivateSubnet1Id: /^subnet-[0-9a-f]+$/,
  PrivateSubnet2Id: /^subnet-[0-9a-f]+$/,
  PublicSubnet1Id: /^subnet-[0-9a-f]+$/,
  PublicSubnet2Id: /^subnet-[0-9a-f]+$/,
  CreateS3Storage: /^(Yes|No)$/,
  CreateRDS: /^(Yes|No)$/,
  CreateECSInfrastructure: /^(Yes|No)$/,
  ExistingBucketArn: /^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  ExistingQueueArn: /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/,
  ExistingQueueUrl: /^https?:\/\/\S+$/,
  ExistingDatabaseEndpoint: /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
  ExistingDatabasePort: /^\d{1,5}$/,
  ExistingDatabaseName: /^\w[\w-]*$/,
  ExistingDatabaseSecretArn: /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/,
  ExistingClusterArn: /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster\/[\w-]+$/,
  ExistingSecurityGroupId: /^sg-[0-9a-f]+$/,
  ExistingTaskRoleArn: /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
  KmsKeyArn: /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/\S+$/,
  TaskRoleArn: /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
  VpcId: /^vpc-[0-9a-f]+$/,
  PrivateSubnets: /^subnet-[0-9a-f]+(, ?subnet-[0-9a-f]+)*$/,
  PublicSubnets: /^subnet-[0-9a-f]+(, ?subnet-[0-9a-f]+)*$/,
};

/** Parameters of the same template that say nothing of what is brought. */
const OTHERS = ['CreateECSServices', 'CreateGrafana', 'CreateCollector', 'CreateDemoApps'];

const ROLE = 'ExistingTaskRoleArn';

/** What each of the switches needs beside it when it is No. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  CreateS3Storage: ['ExistingBucketArn', 'ExistingQueueArn', 'ExistingQueueUrl', 'ExistingTaskRoleArn'],
  CreateRDS: ['ExistingDatabaseEndpoint', 'ExistingDatabaseSecretArn', 'ExistingTaskRoleArn'],
  CreateECSInfrastructure: ['ExistingClusterArn', 'ExistingSecurityGroupId'],
};

/**
 * What the parameters bring, and what is wrong with them by themselves. A part is brought as soon as its first
 * parameter is there, so that it is looked at even where the switch is forgotten. Throws BadInputError for a parameter
 * whose name is nearly one of those that matter here, and for a value that CloudFormation would refuse.
 */
export function broughtBy(values: Readonly<Record<string, string>>): {
  readonly brought: Brought;
  readonly findings: readonly Finding[];
} {
  checkShapes(values);
  const said = (...names: string[]) => names.map((name) => values[name]).find((value) => value) ?? '';
  const listed = (list: string, ...singles: string[]) =>
    said(list) === '' ? singles.map((name) => said(name)).filter((id) => id !== '') : said(list).split(/, ?/);
  const bucketArn = said('ExistingBucketArn');
  const endpoint = said('ExistingDatabaseEndpoint');
  const clusterArn = said('ExistingClusterArn');
  const securityGroupId = said('ExistingSecurityGroupId');
  const brought: Brought = {
    network: {
      vpcId: said('VPCId', 'VpcId'),
      privateSubnetIds: listed('PrivateSubnets', 'PrivateSubnet1Id', 'PrivateSubnet2Id'),
      publicSubnetIds: listed('PublicSubnets', 'PublicSubnet1Id', 'PublicSubnet2Id'),
    },
    storage:
      bucketArn === ''
        ? undefined
        : {
            bucketArn,
            bucket: bucketArn.slice(bucketArn.lastIndexOf(':') + 1),
            queueArn: said('ExistingQueueArn'),
            queueUrl: said('ExistingQueueUrl'),
          },
    database:
      endpoint === ''
        ? undefined
        : {
            endpoint,
            port: Number(said('ExistingDatabasePort') || '5432'),
            name: said('ExistingDatabaseName') || 'lakerunner',
            secretArn: said('ExistingDatabaseSecretArn'),
          },
    compute: clusterArn === '' && securityGroupId === '' ? undefined : { clusterArn, securityGroupId },
    taskRoleArn: said('ExistingTaskRoleArn', 'TaskRoleArn') || undefined,
    kmsKeyArn: said('KmsKeyArn') || undefined,
  };
  return { brought, findings: [...networkFindings(brought), ...switchFindings(values)] };
}

function checkShapes(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const shape = SHAPES[name];
    if (shape === undefined) {
      if (OTHERS.includes(name) || !/^(create|existing|vpc|private|public|kms)/i.test(name)) continue;
      throw new BadInputError(`there is no parameter ${name}`, {
        hint: nearest(name, [...Object.keys(SHAPES), ...OTHERS]),
      });
    }
    if (value !== '' && !shape.test(value)) {
      throw new BadInputError(`${name} cannot be ${JSON.stringify(value)}`, {
        hint: `it matches ${shape.source}`,
      });
    }
  }
}

function networkFindings({ network }: Brought): Finding[] {
  const missing = [
    ...(network.vpcId === '' ? ['VPCId'] : []),
    ...(network.privateSubnetIds.length < 2 ? ['PrivateSubnet1Id and PrivateSubnet2Id'] : []),
  ];
  return missing.map((where) =>
    problem(
      { check: 'parameters', where },
      'is not said',
      'an install always goes into a VPC, with two private subnets',
    ),
  );
}

function switchFindings(values: Readonly<Record<string, string>>): Finding[] {
  // The root's template insists on a role. Stack by stack, roles are made for what is brought, too.
  const stackByStack = Boolean(values.VpcId);
  return Object.entries(NEEDED).flatMap(([name, needed]) => {
    const missing = needed.filter((parameter) => !values[parameter] && !(parameter === ROLE && stackByStack));
    if (values[name] === 'No') {
      return missing.map((where) =>
        problem({ check: 'parameters', where }, 'is not said', `${name}=No needs it`),
      );
    }
    // The role alone brings nothing, and an install that makes everything may have one.
    const given = needed.filter((parameter) => parameter !== ROLE && values[parameter]);
    if (given.length === 0) return [];
    return [
      problem(
        { check: 'parameters', where: name },
        'is not No',
        `the template refuses ${given.join(', ')} without it`,
        {
          note: `set ${name}=No`,
          commands: [],
        },
      ),
    ];
  });
}
