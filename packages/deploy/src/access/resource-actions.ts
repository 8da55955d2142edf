/**
 * What CloudFormation asks of AWS, as whoever deploys, to create, read, update and delete each type of resource of our
 * templates, with the properties that they use. Source: `handlers` of each type's schema in the CloudFormation registry
 * (`aws cloudformation describe-type`), and for types without handlers what the service's API does. Left out is what
 * handlers name for properties that no template of ours has: replication, restoring, VPC Lattice, code signing, websites.
 */
export const RESOURCE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudFormation::Stack': [
    ...of(
      'cloudformation',
      'CreateStack UpdateStack DeleteStack DescribeStacks DescribeStackEvents GetTemplateSummary',
    ),
    ...of(
      'cloudformation',
      'ListStackResources DescribeStackResource DescribeStackResources TagResource UntagResource',
    ),
  ],
  'AWS::EC2::EIP': of(
    'ec2',
    'AllocateAddress ReleaseAddress DisassociateAddress DescribeAddresses CreateTags DeleteTags',
  ),
  'AWS::EC2::InternetGateway': of(
    'ec2',
    'CreateInternetGateway DeleteInternetGateway DescribeInternetGateways CreateTags DeleteTags',
  ),
  'AWS::EC2::NatGateway': of(
    'ec2',
    'CreateNatGateway DeleteNatGateway DescribeNatGateways CreateTags DeleteTags',
  ),
  'AWS::EC2::Route': of(
    'ec2',
    'CreateRoute ReplaceRoute DeleteRoute DescribeRouteTables DescribeNetworkInterfaces',
  ),
  'AWS::EC2::RouteTable': of(
    'ec2',
    'CreateRouteTable DeleteRouteTable DescribeRouteTables CreateTags DeleteTags',
  ),
  'AWS::EC2::SecurityGroup': [
    ...of(
      'ec2',
      'CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeInstances CreateTags DeleteTags',
    ),
    ...of('ec2', 'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress'),
    ...of(
      'ec2',
      'RevokeSecurityGroupEgress UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress',
    ),
  ],
  'AWS::EC2::SecurityGroupIngress': of(
    'ec2',
    'AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsIngress DescribeSecurityGroups DescribeSecurityGroupRules',
  ),
  'AWS::EC2::Subnet': of(
    'ec2',
    'CreateSubnet DeleteSubnet ModifySubnetAttribute DescribeSubnets DescribeNetworkAcls CreateTags DeleteTags',
  ),
  'AWS::EC2::SubnetRouteTableAssociation': of(
    'ec2',
    'AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation DescribeRouteTables',
  ),
  'AWS::EC2::VPC': [
    ...of(
      'ec2',
      'CreateVpc DeleteVpc ModifyVpcAttribute DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls',
    ),
    ...of('ec2', 'DescribeSecurityGroups CreateTags DeleteTags'),
  ],
  'AWS::EC2::VPCEndpoint': of(
    'ec2',
    'CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints DescribeSubnets DescribeSecurityGroups DescribeVpcs CreateTags DeleteTags',
  ),
  'AWS::EC2::VPCGatewayAttachment': of(
    'ec2',
    'AttachInternetGateway DetachInternetGateway DescribeInternetGateways DescribeVpnGateways',
  ),
  'AWS::ECS::Cluster': of(
    'ecs',
    'CreateCluster UpdateCluster UpdateClusterSettings PutClusterCapacityProviders DeleteCluster DescribeClusters TagResource UntagResource ListTagsForResource',
  ),
  'AWS::ECS::Service': [
    ...of('ecs', 'CreateService UpdateService DeleteService DescribeServices DescribeServiceDeployments'),
    ...of(
      'ecs',
      'ListServiceDeployments StopServiceDeployment TagResource UntagResource ListTagsForResource',
    ),
    'iam:PassRole',
  ],
  'AWS::ECS::TaskDefinition': [
    ...of(
      'ecs',
      'RegisterTaskDefinition DeregisterTaskDefinition DescribeTaskDefinition TagResource UntagResource ListTagsForResource',
    ),
    'iam:PassRole',
    'iam:GetRole',
  ],
  'AWS::EFS::AccessPoint': of(
    'elasticfilesystem',
    'CreateAccessPoint DeleteAccessPoint DescribeAccessPoints TagResource UntagResource ListTagsForResource',
  ),
  'AWS::EFS::FileSystem': [
    ...of(
      'elasticfilesystem',
      'CreateFileSystem UpdateFileSystem DeleteFileSystem DescribeFileSystems PutBackupPolicy',
    ),
    ...of(
      'elasticfilesystem',
      'PutLifecycleConfiguration PutFileSystemPolicy DeleteFileSystemPolicy DescribeBackupPolicy',
    ),
    ...of(
      'elasticfilesystem',
      'DescribeFileSystemPolicy DescribeLifecycleConfiguration DescribeReplicationConfigurations',
    ),
    ...of('elasticfilesystem', 'TagResource UntagResource ListTagsForResource UpdateFileSystemProtection'),
    ...of('kms', 'DescribeKey CreateGrant GenerateDataKeyWithoutPlaintext'),
  ],
  'AWS::EFS::MountTarget': [
    ...of('elasticfilesystem', 'CreateMountTarget DeleteMountTarget DescribeMountTargets'),
    ...of('elasticfilesystem', 'DescribeMountTargetSecurityGroups ModifyMountTargetSecurityGroups'),
    ...of(
      'ec2',
      'DescribeSubnets DescribeNetworkInterfaces DescribeNetworkInterfaceAttribute CreateNetworkInterface',
    ),
    ...of('ec2', 'DeleteNetworkInterface ModifyNetworkInterfaceAttribute'),
  ],
  'AWS::ElasticLoadBalancingV2::Listener': of(
    'elasticloadbalancing',
    'CreateListener ModifyListener ModifyListenerAttributes DeleteListener DescribeListeners DescribeListenerAttributes DescribeListenerCertificates AddTags RemoveTags DescribeTags',
  ),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': [
    ...of(
      'elasticloadbalancing',
      'CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes',
    ),
    ...of(
      'elasticloadbalancing',
      'DescribeCapacityReservation ModifyLoadBalancerAttributes SetSubnets SetIpAddressType',
    ),
    ...of('elasticloadbalancing', 'SetSecurityGroups AddTags RemoveTags DescribeTags'),
    ...of('ec2', 'DescribeIpamPools DescribeSubnets DescribeInternetGateways DescribeAccountAttributes'),
  ],
  'AWS::ElasticLoadBalancingV2::TargetGroup': [
    ...of(
      'elasticloadbalancing',
      'CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup',
    ),
    ...of('elasticloadbalancing', 'DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth'),
    ...of('elasticloadbalancing', 'RegisterTargets DeregisterTargets AddTags RemoveTags DescribeTags'),
    'ec2:DescribeVpcs',
  ],
  'AWS::IAM::ManagedPolicy': [
    ...of(
      'iam',
      'CreatePolicy DeletePolicy GetPolicy GetPolicyVersion CreatePolicyVersion DeletePolicyVersion',
    ),
    ...of(
      'iam',
      'ListPolicyVersions ListEntitiesForPolicy AttachRolePolicy DetachRolePolicy TagPolicy UntagPolicy',
    ),
  ],
  'AWS::IAM::Policy': of('iam', 'PutRolePolicy GetRolePolicy DeleteRolePolicy'),
  'AWS::IAM::Role': [
    ...of('iam', 'CreateRole DeleteRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy'),
    ...of('iam', 'PutRolePolicy GetRolePolicy DeleteRolePolicy AttachRolePolicy DetachRolePolicy'),
    ...of('iam', 'ListRolePolicies ListAttachedRolePolicies TagRole UntagRole'),
  ],
  'AWS::Lambda::Function': [
    ...of(
      'lambda',
      'CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction GetFunction',
    ),
    ...of('lambda', 'GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetRuntimeManagementConfig'),
    ...of('lambda', 'PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource ListTags'),
    'iam:PassRole',
  ],
  'AWS::Logs::LogGroup': [
    ...of('logs', 'CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy'),
    ...of('logs', 'AssociateKmsKey DisassociateKmsKey GetDataProtectionPolicy DescribeIndexPolicies'),
    ...of('logs', 'TagLogGroup UntagLogGroup ListTagsLogGroup TagResource UntagResource ListTagsForResource'),
  ],
  'AWS::RDS::DBInstance': [
    ...of('rds', 'CreateDBInstance ModifyDBInstance RebootDBInstance DeleteDBInstance DescribeDBInstances'),
    ...of(
      'rds',
      'CreateDBSnapshot DescribeDBSnapshots DescribeDBClusters DescribeDBEngineVersions DescribeEvents',
    ),
    ...of('rds', 'DescribeDBParameterGroups AddTagsToResource RemoveTagsFromResource ListTagsForResource'),
    ...of(
      'ec2',
      'DescribeAccountAttributes DescribeAvailabilityZones DescribeInternetGateways DescribeSecurityGroups',
    ),
    ...of('ec2', 'DescribeSubnets DescribeVpcAttribute DescribeVpcs'),
    ...of('kms', 'DescribeKey CreateGrant'),
  ],
  'AWS::RDS::DBParameterGroup': of(
    'rds',
    'CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup DeleteDBParameterGroup DescribeDBParameterGroups DescribeDBParameters DescribeEngineDefaultParameters AddTagsToResource RemoveTagsFromResource ListTagsForResource',
  ),
  'AWS::RDS::DBSubnetGroup': of(
    'rds',
    'CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups AddTagsToResource RemoveTagsFromResource ListTagsForResource',
  ),
  'AWS::S3::Bucket': [
    ...of(
      's3',
      'CreateBucket DeleteBucket ListBucket PutBucketTagging GetBucketTagging PutEncryptionConfiguration',
    ),
    ...of(
      's3',
      'GetEncryptionConfiguration PutLifecycleConfiguration GetLifecycleConfiguration PutBucketNotification',
    ),
    ...of(
      's3',
      'GetBucketNotification PutBucketPublicAccessBlock GetBucketPublicAccessBlock PutBucketOwnershipControls',
    ),
    ...of(
      's3',
      'GetBucketOwnershipControls PutBucketVersioning GetBucketVersioning GetAccelerateConfiguration',
    ),
    ...of('s3', 'GetAnalyticsConfiguration GetBucketCORS GetInventoryConfiguration GetBucketLogging'),
    ...of(
      's3',
      'GetMetricsConfiguration GetReplicationConfiguration GetBucketWebsite GetBucketObjectLockConfiguration',
    ),
    ...of('s3', 'GetIntelligentTieringConfiguration GetBucketAcl'),
  ],
  'AWS::S3::BucketPolicy': of('s3', 'PutBucketPolicy GetBucketPolicy DeleteBucketPolicy'),
  'AWS::SQS::Queue': of(
    'sqs',
    'CreateQueue DeleteQueue GetQueueUrl GetQueueAttributes SetQueueAttributes TagQueue UntagQueue ListQueueTags',
  ),
  'AWS::SQS::QueuePolicy': of('sqs', 'SetQueueAttributes GetQueueAttributes'),
  'AWS::SSM::Parameter': of(
    'ssm',
    'PutParameter DeleteParameter GetParameters AddTagsToResource RemoveTagsFromResource ListTagsForResource',
  ),
  'AWS::SecretsManager::Secret': of(
    'secretsmanager',
    'CreateSecret UpdateSecret DeleteSecret DescribeSecret GetSecretValue GetRandomPassword TagResource UntagResource',
  ),
  'AWS::ServiceDiscovery::PrivateDnsNamespace': [
    ...of(
      'servicediscovery',
      'CreatePrivateDnsNamespace UpdatePrivateDnsNamespace DeleteNamespace GetNamespace GetOperation',
    ),
    ...of('servicediscovery', 'ListNamespaces TagResource UntagResource ListTagsForResource'),
    ...of(
      'route53',
      'CreateHostedZone DeleteHostedZone GetHostedZone ListHostedZonesByName ListHostedZonesByVPC',
    ),
    ...of('route53', 'AssociateVPCWithHostedZone ChangeResourceRecordSets'),
    ...of('ec2', 'DescribeVpcs DescribeRegions'),
  ],
  'AWS::ServiceDiscovery::Service': [
    ...of(
      'servicediscovery',
      'CreateService UpdateService DeleteService GetService GetOperation ListInstances DeregisterInstance',
    ),
    ...of('servicediscovery', 'TagResource UntagResource ListTagsForResource'),
    ...of(
      'route53',
      'GetHostedZone ListResourceRecordSets ChangeResourceRecordSets GetHealthCheck CreateHealthCheck DeleteHealthCheck',
    ),
  ],
  'Custom::RunEcsTask': ['lambda:InvokeFunction'],
};

/** Service-linked roles that these services make for themselves in an account that never used them. */
export const SERVICE_LINKED_ROLES = [
  'ecs.amazonaws.com',
  'elasticfilesystem.amazonaws.com',
  'elasticloadbalancing.amazonaws.com',
  'rds.amazonaws.com',
] as const;

function of(service: string, names: string): string[] {
  return names.split(' ').map((name) => `${service}:${name}`);
}
