import {
  DescribeSubnetsCommand,
  paginateDescribeRouteTables,
  type RouteTable,
  type Subnet as SdkSubnet,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DeleteBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import {
  ConfigError,
  type DeploymentAccount,
  NotFoundError,
  type RunningService,
  type Subnet,
} from '@lakewright/core';
import { type ClientOptions, ec2Client, ecsClient, regionOf, s3Client, stsClient } from '../clients.ts';
import { awsError, type Deed, isAwsError } from '../errors.ts';
import { partitionOf } from '../partitions.ts';
import { emptyBucket } from './empty-bucket.ts';

/** ECS describes so many services at a time. */
const SERVICES_AT_ONCE = 10;

/** What a deployment needs of one account and region beside its stacks. */
export function awsDeploymentAccount(options: ClientOptions): DeploymentAccount & { close(): void } {
  const region = regionOf(options);
  const clients = {
    ec2: ec2Client(options),
    ecs: ecsClient(options),
    s3: s3Client(options),
    sts: stsClient(options),
  };
  const deed = (what: string, action: string, resource = '*'): Deed => ({ what, action, resource });
  const bucketDeed = (what: string, action: string, bucket: string) =>
    deed(`${what} s3://${bucket}`, action, `arn:${partitionOf(region)}:s3:::${bucket}`);

  async function services(arns: readonly string[]): Promise<RunningService[]> {
    const found: RunningService[] = [];
    for (const [cluster, ofCluster] of byCluster(arns)) {
      for (let at = 0; at < ofCluster.length; at += SERVICES_AT_ONCE) {
        const some = ofCluster.slice(at, at + SERVICES_AT_ONCE);
        const said = await clients.ecs
          .send(new DescribeServicesCommand({ cluster, services: some }))
          .catch((error: unknown) => {
            if (isAwsError(error, 'ClusterNotFoundException')) return undefined;
            throw awsError(error, deed('look at the services', 'ecs:DescribeServices', some[0]));
          });
        for (const service of said?.services ?? []) {
          if (service.status !== 'ACTIVE') continue;
          const {
            serviceArn: arn = '',
            serviceName: name = '',
            desiredCount = 0,
            runningCount = 0,
          } = service;
          found.push({ arn, name, desired: desiredCount, running: runningCount });
        }
      }
    }
    return found;
  }

  async function identity() {
    if (region === undefined) {
      throw new ConfigError('no AWS region is set', {
        hint: 'use --region, set AWS_REGION, or a region in the AWS profile',
      });
    }
    const said = await clients.sts.send(new GetCallerIdentityCommand({})).catch((error: unknown) => {
      throw awsError(error, deed('ask who this is', 'sts:GetCallerIdentity'));
    });
    return { account: said.Account ?? '', region, arn: said.Arn ?? '' };
  }

  return {
    identity,
    async subnets(vpc) {
      const filters = { Filters: [{ Name: 'vpc-id', Values: [vpc] }] };
      try {
        const { Subnets: found = [] } = await clients.ec2.send(new DescribeSubnetsCommand(filters));
        if (found.length === 0)
          throw new NotFoundError(`${vpc} has no subnets in ${region}, or is not there`);
        const tables: RouteTable[] = [];
        for await (const page of paginateDescribeRouteTables({ client: clients.ec2 }, filters)) {
          tables.push(...(page.RouteTables ?? []));
        }
        return found.map((subnet) => subnetOf(subnet, tables)).sort(byZone);
      } catch (error) {
        throw awsError(
          error,
          deed(`look at the subnets of ${vpc}`, 'ec2:DescribeSubnets and ec2:DescribeRouteTables'),
        );
      }
    },
    services,
    async stopService(arn) {
      await clients.ecs
        .send(new UpdateServiceCommand({ cluster: clusterOf(arn), service: arn, desiredCount: 0 }))
        .catch((error: unknown) => {
          const gone = ['ServiceNotFoundException', 'ServiceNotActiveException', 'ClusterNotFoundException'];
          if (!isAwsError(error, ...gone))
            throw awsError(error, deed(`stop ${arn}`, 'ecs:UpdateService', arn));
        });
    },
    async bucketExists(bucket) {
      try {
        await clients.s3.send(new HeadBucketCommand({ Bucket: bucket }));
        return true;
      } catch (error) {
        if (isAwsError(error, 'NotFound', 'NoSuchBucket', 404)) return false;
        throw awsError(error, bucketDeed('look for', 's3:ListBucket', bucket));
      }
    },
    async deleteBucket(bucket, onProgress) {
      try {
        // Names of buckets are of the whole world: one that another account has by now is not ours to empty.
        const { account: owner } = await identity();
        await emptyBucket(clients.s3, { bucket, owner }, onProgress);
        await clients.s3.send(new DeleteBucketCommand({ Bucket: bucket, ExpectedBucketOwner: owner }));
      } catch (error) {
        if (isAwsError(error, 'NoSuchBucket')) return;
        throw awsError(
          error,
          bucketDeed(
            'empty and delete',
            's3:ListBucketVersions, s3:DeleteObject, s3:DeleteObjectVersion, s3:AbortMultipartUpload and s3:DeleteBucket',
            bucket,
          ),
        );
      }
    },
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`. */
function clusterOf(arn: string): string | undefined {
  const parts = arn.split('/');
  return parts.length === 3 ? parts[1] : undefined;
}

function byCluster(arns: readonly string[]): Map<string | undefined, string[]> {
  return Map.groupBy(arns, clusterOf);
}

function subnetOf(subnet: SdkSubnet, tables: readonly RouteTable[]): Subnet {
  const id = subnet.SubnetId ?? '';
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === id));
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
  const routes = (own ?? main)?.Routes ?? [];
  return {
    id,
    zone: subnet.AvailabilityZone ?? '',
    cidr: subnet.CidrBlock ?? '',
    name: subnet.Tags?.find(({ Key }) => Key === 'Name')?.Value,
    isPublic: routes.some(({ GatewayId = '' }) => GatewayId.startsWith('igw-')),
  };
}

function byZone(a: Subnet, b: Subnet): number {
  return a.zone.localeCompare(b.zone) || a.id.localeCompare(b.id);
}
