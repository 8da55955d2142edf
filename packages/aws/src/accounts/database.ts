import {
  type DBCluster,
  type DBInstance,
  DescribeDBClusterEndpointsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBProxiesCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { DatabaseFacts, Look, SecretFacts, SecretShape } from '@lakewright/core';
import { type ClientOptions, rdsClient, secretsManagerClient } from '../clients.ts';
import { look, pages } from './look.ts';

/** The instance, cluster or proxy that has this host name as its endpoint, in the region that is asked. */
export async function readDatabase(options: ClientOptions, host: string): Promise<Look<DatabaseFacts>> {
  const client = rdsClient(options);
  const name = host.toLowerCase();
  const deed = {
    what: `look for the database ${host}`,
    action: 'rds:DescribeDBInstances, DescribeDBClusters, DescribeDBClusterEndpoints and DescribeDBProxies',
    resource: '*',
  };
  try {
    return await look(
      deed,
      async () =>
        (await instanceAt(client, name)) ?? (await clusterAt(client, name)) ?? proxyAt(client, name),
    );
  } finally {
    client.destroy();
  }
}

async function instanceAt(client: RDSClient, host: string): Promise<DatabaseFacts | undefined> {
  const instances = await pages(
    (Marker) => client.send(new DescribeDBInstancesCommand({ Marker })),
    (page) => page.Marker,
    (page) => page.DBInstances,
  );
  const found = instances.find(({ Endpoint }) => Endpoint?.Address?.toLowerCase() === host);
  return found && ofInstance(found);
}

function ofInstance(instance: DBInstance): DatabaseFacts {
  return {
    kind: 'instance',
    id: instance.DBInstanceIdentifier ?? '',
    // A replica of its own reads alone; which instance of a cluster writes changes with every failover.
    writable: !instance.ReadReplicaSourceDBInstanceIdentifier,
    engine: instance.Engine ?? '',
    version: instance.EngineVersion ?? '',
    status: instance.DBInstanceStatus ?? '',
    port: instance.Endpoint?.Port ?? 0,
    vpcId: instance.DBSubnetGroup?.VpcId,
    securityGroupIds: idsOf(instance.VpcSecurityGroups),
    publiclyAccessible: instance.PubliclyAccessible ?? false,
    encrypted: instance.StorageEncrypted ?? false,
    databaseName: instance.DBName,
  };
}

async function clusterAt(client: RDSClient, host: string): Promise<DatabaseFacts | undefined> {
  const clusters = await pages(
    (Marker) => client.send(new DescribeDBClustersCommand({ Marker })),
    (page) => page.Marker,
    (page) => page.DBClusters,
  );
  const is = (address: string | undefined) => address?.toLowerCase() === host;
  const found = clusters.find(
    ({ Endpoint, ReaderEndpoint, CustomEndpoints }) =>
      is(Endpoint) || is(ReaderEndpoint) || CustomEndpoints?.some(is),
  );
  if (found === undefined) return undefined;
  const readerOnly =
    !is(found.Endpoint) && (is(found.ReaderEndpoint) || (await isReader(client, found, host)));
  return ofCluster(client, found, !readerOnly);
}

async function isReader(client: RDSClient, cluster: DBCluster, host: string): Promise<boolean> {
  const { DBClusterEndpoints } = await client.send(
    new DescribeDBClusterEndpointsCommand({ DBClusterIdentifier: cluster.DBClusterIdentifier }),
  );
  const found = DBClusterEndpoints?.find(({ Endpoint }) => Endpoint?.toLowerCase() === host);
  return found?.CustomEndpointType === 'READER';
}

async function ofCluster(client: RDSClient, cluster: DBCluster, writable: boolean): Promise<DatabaseFacts> {
  // A cluster names no VPC: its instances do.
  const [member] = cluster.DBClusterMembers ?? [];
  const { DBInstances } = member
    ? await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: member.DBInstanceIdentifier }))
    : { DBInstances: [] };
  return {
    kind: 'cluster',
    id: cluster.DBClusterIdentifier ?? '',
    writable,
    engine: cluster.Engine ?? '',
    version: cluster.EngineVersion ?? '',
    // Its endpoint leads nowhere then, however available RDS calls it.
    status: member === undefined ? 'without an instance' : (cluster.Status ?? ''),
    port: cluster.Port ?? 0,
    vpcId: DBInstances?.[0]?.DBSubnetGroup?.VpcId,
    securityGroupIds: idsOf(cluster.VpcSecurityGroups),
    publiclyAccessible: DBInstances?.some(({ PubliclyAccessible }) => PubliclyAccessible) ?? false,
    encrypted: cluster.StorageEncrypted ?? false,
    databaseName: cluster.DatabaseName,
  };
}

async function proxyAt(client: RDSClient, host: string): Promise<DatabaseFacts | undefined> {
  const proxies = await pages(
    (Marker) => client.send(new DescribeDBProxiesCommand({ Marker })),
    (page) => page.Marker,
    (page) => page.DBProxies,
  );
  const found = proxies.find(({ Endpoint }) => Endpoint?.toLowerCase() === host);
  return (
    found && {
      kind: 'proxy',
      id: found.DBProxyName ?? '',
      writable: true,
      engine: found.EngineFamily === 'POSTGRESQL' ? 'postgres' : (found.EngineFamily ?? '').toLowerCase(),
      version: '',
      status: found.Status ?? '',
      port: 5432,
      vpcId: found.VpcId,
      securityGroupIds: found.VpcSecurityGroupIds ?? [],
      publiclyAccessible: false,
      encrypted: true,
      databaseName: undefined,
    }
  );
}

function idsOf(groups: readonly { VpcSecurityGroupId?: string }[] = []): string[] {
  return groups.flatMap(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? []);
}

/** The shape of a secret. Its text is read, looked at, and let go of here. */
export async function readSecretShape(options: ClientOptions, arn: string): Promise<Look<SecretFacts>> {
  const client = secretsManagerClient({ ...options, region: arn.split(':')[3] || options.region });
  const what = `look at the secret ${arn}`;
  try {
    const described = await look({ what, action: 'secretsmanager:DescribeSecret', resource: arn }, () =>
      client.send(new DescribeSecretCommand({ SecretId: arn })),
    );
    if (described.state !== 'seen') return described;
    const { ARN = arn, KmsKeyId, DeletedDate } = described.value;
    const deleted = DeletedDate !== undefined;
    const shape: Look<SecretShape> = deleted
      ? { state: 'absent' }
      : await look(
          {
            what: `see the names of the fields of the secret ${arn}`,
            action: 'secretsmanager:GetSecretValue (and kms:Decrypt on its key, where that is your own)',
            resource: arn,
          },
          async () => shapeOf((await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString),
        );
    return { state: 'seen', value: { arn: ARN, kmsKey: KmsKeyId, deleted, shape } };
  } finally {
    client.destroy();
  }
}

function shapeOf(text = ''): SecretShape {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes what it cannot read.
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { isObject: false, fields: [] };
  const fields = Object.entries(value).filter(([, field]) => typeof field === 'string' && field !== '');
  return { isObject: true, fields: fields.map(([name]) => name) };
}
