/**
 * What `Ref` and `Fn::GetAtt` give for a type of resource, as the "Return values" of its page in
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html say.
 *
 * The texts are patterns: {name} is the physical name (the property `name`, else made of the stack's and the logical
 * id), {hex} 17 hexadecimal digits, {p} {r} {a} partition, region and account, {=Property} a property's value.
 */
export interface ResourceType {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** The property that gives the resource its physical name. */
  readonly name?: string;
  /** Physical names of it are in lower case. */
  readonly lowerCase?: boolean;
}

const arn = (service: string, rest: string) => `arn:{p}:${service}:{r}:{a}:${rest}`;
const identified = (prefix: string, ...attributes: string[]): ResourceType => ({
  ref: `${prefix}-{hex}`,
  attributes: Object.fromEntries(attributes.map((name) => [name, `${prefix}-{hex}`])),
});
const nameless: ResourceType = { ref: '{name}' };

const EC2: Readonly<Record<string, ResourceType>> = {
  'AWS::EC2::EIP': {
    ref: '203.0.113.7',
    attributes: { AllocationId: 'eipalloc-{hex}', PublicIp: '203.0.113.7' },
  },
  'AWS::EC2::InternetGateway': identified('igw', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': identified('nat', 'NatGatewayId'),
  'AWS::EC2::Route': nameless,
  'AWS::EC2::RouteTable': identified('rtb', 'RouteTableId'),
  'AWS::EC2::SecurityGroup': { ...identified('sg', 'GroupId', 'Id'), name: 'GroupName' },
  'AWS::EC2::SecurityGroupEgress': identified('sgr', 'Id'),
  'AWS::EC2::SecurityGroupIngress': identified('sgr', 'Id'),
  'AWS::EC2::Subnet': {
    ref: 'subnet-{hex}',
    attributes: {
      SubnetId: 'subnet-{hex}',
      AvailabilityZone: '{=AvailabilityZone}',
      CidrBlock: '{=CidrBlock}',
      VpcId: '{=VpcId}',
    },
  },
  'AWS::EC2::SubnetRouteTableAssociation': identified('rtbassoc', 'Id'),
  'AWS::EC2::VPC': {
    ref: 'vpc-{hex}',
    attributes: { VpcId: 'vpc-{hex}', CidrBlock: '{=CidrBlock}', DefaultSecurityGroup: 'sg-{hex}' },
  },
  'AWS::EC2::VPCEndpoint': identified('vpce', 'Id'),
  'AWS::EC2::VPCGatewayAttachment': nameless,
};

const DATA: Readonly<Record<string, ResourceType>> = {
  'AWS::EFS::AccessPoint': {
    ref: 'fsap-{hex}',
    attributes: { AccessPointId: 'fsap-{hex}', Arn: arn('elasticfilesystem', 'access-point/fsap-{hex}') },
  },
  'AWS::EFS::FileSystem': {
    ref: 'fs-{hex}',
    attributes: { FileSystemId: 'fs-{hex}', Arn: arn('elasticfilesystem', 'file-system/fs-{hex}') },
  },
  'AWS::EFS::MountTarget': { ref: 'fsmt-{hex}', attributes: { Id: 'fsmt-{hex}', IpAddress: '10.0.2.9' } },
  'AWS::KMS::Alias': { ref: '{name}', name: 'AliasName' },
  'AWS::KMS::Key': { ref: 'key-{hex}', attributes: { Arn: arn('kms', 'key/key-{hex}'), KeyId: 'key-{hex}' } },
  'AWS::RDS::DBInstance': {
    ref: '{name}',
    name: 'DBInstanceIdentifier',
    lowerCase: true,
    attributes: {
      'Endpoint.Address': '{name}.c1example.{r}.rds.amazonaws.com',
      'Endpoint.Port': '5432',
      DBInstanceArn: arn('rds', 'db:{name}'),
      'MasterUserSecret.SecretArn': arn('secretsmanager', 'secret:rds-{name}'),
    },
  },
  'AWS::RDS::DBParameterGroup': { ref: '{name}', name: 'DBParameterGroupName', lowerCase: true },
  'AWS::RDS::DBSubnetGroup': { ref: '{name}', name: 'DBSubnetGroupName', lowerCase: true },
  'AWS::S3::Bucket': {
    ref: '{name}',
    name: 'BucketName',
    lowerCase: true,
    attributes: {
      Arn: 'arn:{p}:s3:::{name}',
      DomainName: '{name}.s3.amazonaws.com',
      RegionalDomainName: '{name}.s3.{r}.amazonaws.com',
    },
  },
  'AWS::S3::BucketPolicy': nameless,
  'AWS::SNS::Topic': {
    ref: arn('sns', '{name}'),
    name: 'TopicName',
    attributes: { TopicArn: arn('sns', '{name}'), TopicName: '{name}' },
  },
  'AWS::SQS::Queue': {
    ref: 'https://sqs.{r}.amazonaws.com/{a}/{name}',
    name: 'QueueName',
    attributes: {
      Arn: arn('sqs', '{name}'),
      QueueName: '{name}',
      QueueUrl: 'https://sqs.{r}.amazonaws.com/{a}/{name}',
    },
  },
  'AWS::SQS::QueuePolicy': nameless,
  'AWS::SSM::Parameter': { ref: '{name}', name: 'Name', attributes: { Type: '{=Type}', Value: '{=Value}' } },
  'AWS::SecretsManager::Secret': {
    ref: arn('secretsmanager', 'secret:{name}-AbCdEf'),
    name: 'Name',
    attributes: { Id: arn('secretsmanager', 'secret:{name}-AbCdEf') },
  },
  'AWS::SecretsManager::SecretTargetAttachment': { ref: arn('secretsmanager', 'secret:{name}-AbCdEf') },
};

const COMPUTE: Readonly<Record<string, ResourceType>> = {
  'AWS::ApplicationAutoScaling::ScalableTarget': nameless,
  'AWS::ApplicationAutoScaling::ScalingPolicy': { ref: arn('autoscaling', 'scalingPolicy:{name}') },
  'AWS::CloudWatch::Alarm': {
    ref: '{name}',
    name: 'AlarmName',
    attributes: { Arn: arn('cloudwatch', 'alarm:{name}') },
  },
  'AWS::ECS::Cluster': {
    ref: '{name}',
    name: 'ClusterName',
    attributes: { Arn: arn('ecs', 'cluster/{name}') },
  },
  'AWS::ECS::Service': {
    ref: arn('ecs', 'service/cluster/{name}'),
    name: 'ServiceName',
    attributes: { ServiceArn: arn('ecs', 'service/cluster/{name}'), Name: '{name}' },
  },
  'AWS::ECS::TaskDefinition': {
    ref: arn('ecs', 'task-definition/{name}:1'),
    name: 'Family',
    attributes: { TaskDefinitionArn: arn('ecs', 'task-definition/{name}:1') },
  },
  'AWS::ElasticLoadBalancingV2::Listener': {
    ref: arn('elasticloadbalancing', 'listener/app/{name}/{hex}'),
    attributes: { ListenerArn: arn('elasticloadbalancing', 'listener/app/{name}/{hex}') },
  },
  'AWS::ElasticLoadBalancingV2::ListenerRule': {
    ref: arn('elasticloadbalancing', 'listener-rule/app/{name}/{hex}'),
    attributes: { RuleArn: arn('elasticloadbalancing', 'listener-rule/app/{name}/{hex}') },
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    ref: arn('elasticloadbalancing', 'loadbalancer/app/{name}/{hex}'),
    name: 'Name',
    attributes: {
      CanonicalHostedZoneID: 'Z35SXDOTRQ7X7K',
      DNSName: '{name}.{r}.elb.amazonaws.com',
      LoadBalancerArn: arn('elasticloadbalancing', 'loadbalancer/app/{name}/{hex}'),
      LoadBalancerFullName: 'app/{name}/{hex}',
      LoadBalancerName: '{name}',
    },
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    ref: arn('elasticloadbalancing', 'targetgroup/{name}/{hex}'),
    name: 'Name',
    attributes: {
      TargetGroupArn: arn('elasticloadbalancing', 'targetgroup/{name}/{hex}'),
      TargetGroupFullName: 'targetgroup/{name}/{hex}',
      TargetGroupName: '{name}',
    },
  },
  'AWS::Lambda::Function': {
    ref: '{name}',
    name: 'FunctionName',
    attributes: { Arn: arn('lambda', 'function:{name}') },
  },
  'AWS::Lambda::Permission': nameless,
  'AWS::Logs::LogGroup': {
    ref: '{name}',
    name: 'LogGroupName',
    attributes: { Arn: arn('logs', 'log-group:{name}:*') },
  },
  'AWS::ServiceDiscovery::PrivateDnsNamespace': {
    ref: 'ns-{hex}',
    name: 'Name',
    attributes: {
      Arn: arn('servicediscovery', 'namespace/ns-{hex}'),
      HostedZoneId: 'Z{hex}',
      Id: 'ns-{hex}',
    },
  },
  'AWS::ServiceDiscovery::Service': {
    ref: 'srv-{hex}',
    name: 'Name',
    attributes: { Arn: arn('servicediscovery', 'service/srv-{hex}'), Id: 'srv-{hex}', Name: '{name}' },
  },
};

const IDENTITY: Readonly<Record<string, ResourceType>> = {
  'AWS::IAM::ManagedPolicy': {
    ref: 'arn:{p}:iam::{a}:policy/{name}',
    name: 'ManagedPolicyName',
    attributes: { PolicyArn: 'arn:{p}:iam::{a}:policy/{name}' },
  },
  // PolicyName names it within its role: no physical name that could clash.
  'AWS::IAM::Policy': { ref: '{name}', attributes: { Id: '{name}' } },
  'AWS::IAM::Role': {
    ref: '{name}',
    name: 'RoleName',
    attributes: { Arn: 'arn:{p}:iam::{a}:role/{name}', RoleId: 'AROAEXAMPLE' },
  },
  'AWS::IAM::RolePolicy': nameless,
};

/** Every type that the evaluator knows; another one is a problem, since its stand-in could be of the wrong kind. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  ...EC2,
  ...DATA,
  ...COMPUTE,
  ...IDENTITY,
};
