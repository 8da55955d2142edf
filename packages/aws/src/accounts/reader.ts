import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AccountReader } from '@lakewright/core';
import { type ClientOptions, ec2Client, ecsClient, iamClient, regionOf, stsClient } from '../clients.ts';
import { awsError } from '../errors.ts';
import { partitionOf } from '../partitions.ts';
import { readDatabase, readSecretShape } from './database.ts';
import {
  readCluster,
  readEndpoints,
  readRouteTables,
  readSecurityGroups,
  readSubnets,
  readVpc,
} from './network.ts';
import { readRole, simulate } from './roles.ts';
import { readBucket, readNotifications, readQueue } from './storage.ts';

/** AccountReader over the account and the region that the SDK finds, or `options` name. */
export function awsAccountReader(options: ClientOptions = {}): AccountReader {
  const ec2 = ec2Client(options);
  const ecs = ecsClient(options);
  const iam = iamClient(options);
  const sts = stsClient(options);
  return {
    async caller() {
      try {
        const { Account = '', Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
        const region = regionOf(options) ?? (await ec2.config.region());
        return { account: Account, arn: Arn, partition: partitionOf(region), region };
      } catch (error) {
        throw awsError(error, {
          what: 'ask who is asking',
          action: 'sts:GetCallerIdentity',
          resource: '*',
        });
      }
    },
    bucket: (name) => readBucket(options, name),
    notifications: (bucket) => readNotifications(options, bucket),
    queue: (arn) => readQueue(options, arn),
    database: (host) => readDatabase(options, host),
    secret: (arn) => readSecretShape(options, arn),
    vpc: (id) => readVpc(ec2, id),
    subnets: (ids) => readSubnets(ec2, ids),
    routeTables: (vpcId) => readRouteTables(ec2, vpcId),
    endpoints: (vpcId) => readEndpoints(ec2, vpcId),
    securityGroups: (ids) => readSecurityGroups(ec2, ids),
    cluster: (arn) => readCluster(ecs, arn),
    role: (arn) => readRole(iam, arn),
    simulate: (roleArn, actions, resource) => simulate(iam, roleArn, actions, resource),
    close() {
      for (const client of [ec2, ecs, iam, sts]) client.destroy();
    },
  };
}
