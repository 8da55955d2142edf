/**
 * What AWS asks for on demand, in US dollars, without taxes, savings plans or the free tier. Not fetched: a table that
 * somebody wrote down, so an estimate says its date and its region. The pages that it is of:
 *
 * - Fargate: https://aws.amazon.com/fargate/pricing/
 * - NAT gateways, interface endpoints, public IPv4 addresses: https://aws.amazon.com/vpc/pricing/ and
 *   https://aws.amazon.com/privatelink/pricing/
 * - load balancers: https://aws.amazon.com/elasticloadbalancing/pricing/
 * - RDS for PostgreSQL: https://aws.amazon.com/rds/postgresql/pricing/
 * - Secrets Manager, KMS, Route 53, CloudWatch: https://aws.amazon.com/<service>/pricing/
 */
export const PRICES = {
  asOf: '2025-06',
  region: 'us-east-1',
  /** Hours that AWS counts as a month. */
  hoursPerMonth: 730,
  /** Linux, by CPU architecture: an hour of one vCPU and of one GB of memory. */
  fargateHour: {
    ARM64: { vcpu: 0.03238, gb: 0.00356 },
    X86_64: { vcpu: 0.04048, gb: 0.004445 },
  },
  /** An hour of one GB of a task's own storage beyond the first twenty. */
  fargateStorageGbHour: 0.000111,
  fargateStorageFreeGb: 20,
  natGatewayHour: 0.045,
  /** In each subnet. */
  interfaceEndpointHour: 0.01,
  publicIpv4Hour: 0.005,
  loadBalancerHour: { application: 0.0225, network: 0.0225 },
  /** PostgreSQL in one zone; two zones cost twice as much. */
  databaseHour: {
    'db.t3.micro': 0.018,
    'db.t3.small': 0.036,
    'db.t3.medium': 0.072,
    'db.t3.large': 0.145,
    'db.t3.xlarge': 0.29,
    'db.t3.2xlarge': 0.579,
    'db.t4g.micro': 0.016,
    'db.t4g.small': 0.032,
    'db.t4g.medium': 0.065,
    'db.t4g.large': 0.129,
    'db.t4g.xlarge': 0.258,
    'db.t4g.2xlarge': 0.517,
    'db.m5.large': 0.178,
    'db.m5.xlarge': 0.356,
    'db.m6g.large': 0.159,
    'db.m6g.xlarge': 0.318,
    'db.m7g.large': 0.168,
    'db.m7g.xlarge': 0.337,
    'db.r5.large': 0.25,
    'db.r5.xlarge': 0.5,
    'db.r6g.large': 0.225,
    'db.r6g.xlarge': 0.45,
    'db.r6g.2xlarge': 0.899,
    'db.r7g.large': 0.239,
    'db.r7g.xlarge': 0.478,
    'db.r7g.2xlarge': 0.956,
  } as Readonly<Record<string, number>>,
  databaseGp3GbMonth: 0.115,
  secretMonth: 0.4,
  keyMonth: 1,
  hostedZoneMonth: 0.5,
  alarmMonth: 0.1,
} as const;

/** What is paid for by use alone, and for which; nobody knows how much before it is used. */
export const BY_USE: Readonly<Record<string, string>> = {
  'AWS::EFS::FileSystem': 'GB stored, and GB read and written',
  'AWS::Lambda::Function': 'requests and their time',
  'AWS::Logs::LogGroup': 'GB of logs taken in, and GB kept',
  'AWS::S3::Bucket': 'GB stored, and requests',
  'AWS::SNS::Topic': 'messages',
  'AWS::SQS::Queue': 'requests',
};

/** What nothing is asked for. */
export const FREE: ReadonlySet<string> = new Set([
  ...['AWS::ApplicationAutoScaling::ScalableTarget', 'AWS::ApplicationAutoScaling::ScalingPolicy'],
  ...['AWS::EC2::InternetGateway', 'AWS::EC2::Route', 'AWS::EC2::RouteTable', 'AWS::EC2::SecurityGroup'],
  ...['AWS::EC2::SecurityGroupEgress', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::Subnet'],
  ...['AWS::EC2::SubnetRouteTableAssociation', 'AWS::EC2::VPC', 'AWS::EC2::VPCGatewayAttachment'],
  ...['AWS::ECS::Cluster', 'AWS::ECS::TaskDefinition', 'AWS::EFS::AccessPoint', 'AWS::EFS::MountTarget'],
  ...['AWS::ElasticLoadBalancingV2::Listener', 'AWS::ElasticLoadBalancingV2::ListenerRule'],
  ...[
    'AWS::ElasticLoadBalancingV2::TargetGroup',
    'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
  ],
  ...['AWS::IAM::RolePolicy', 'AWS::KMS::Alias', 'AWS::Lambda::Permission', 'AWS::RDS::DBParameterGroup'],
  ...['AWS::RDS::DBSubnetGroup', 'AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SSM::Parameter'],
  ...['AWS::SecretsManager::SecretTargetAttachment', 'AWS::ServiceDiscovery::Service'],
]);
