import { readFileSync } from 'node:fs';
import { evaluate, parseTemplate } from '@lakewright/deploy';
import { describe, expect, it } from 'vitest';
import { findingsOf } from '../findings.ts';
import { INSTALL_CHECKS, STACK_CHECKS } from './index.ts';

const SOUND = readFileSync(new URL('sound.yaml', import.meta.url), 'utf8');

/** What is found in the sound template when `from` is `to`. */
function found(from: string, to: string, parameters: Record<string, string> = {}): string[] {
  expect(SOUND, `the sound template has no ${from}`).toContain(from);
  const template = parseTemplate(SOUND.replace(from, to));
  const stack = evaluate(template, { stackName: 'sound', parameters });
  return findingsOf({ stacks: [{ file: 'sound.yaml', template, stack }] }).map(
    ({ check, resource, message }) => `${check} ${resource}: ${message}`,
  );
}

const KEY = { KmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/k' };
const SELF = '{ GroupId: !GetAtt TaskGroup.GroupId, IpProtocol: tcp, FromPort: 8081, ToPort: 8081,';

/** A fault, put into the sound template by replacing a text, and what finds it. */
const FAULTS: readonly [string, string, RegExp, Record<string, string>?][] = [
  ['!Ref Cluster', '!Ref Clusters', /^evaluates Api: .*no parameter or resource Clusters/],
  ['[FARGATE]', '[EC2]', /^runtimePlatform ApiTask: RequiresCompatibilities lacks FARGATE/],
  ['CpuArchitecture: ARM64, ', '', /^runtimePlatform ApiTask: no RuntimePlatform.CpuArch/],
  ['Memory: "2048"', 'Memory: "1024"', /^fargateSizes ApiTask: .*1024 with 1024 MiB/],
  ['Memory: "2048"', 'Memory: "2500"', /^fargateSizes ApiTask: .*2500 MiB/],
  [
    '[CMD, lakewright',
    '[lakewright',
    /^healthCommands ApiTask: api: its health check begins with lakewright/,
  ],
  ['[CMD, lakewright', '[CMD, curl, lakewright', /^healthCommands ApiTask: .*has no curl/],
  ['[CMD, lakewright, sysinfo, --check]', '[CMD-SHELL, wget -q x]', /^healthCommands ApiTask: .*has no wget/],
  ['[lakewright, service', '[lakerunner, service', /^startCommands ApiTask: .*has no lakerunner/],
  ['lakewright/lakewright:0.1.0', 'somebody/thing:1', /^startCommands ApiTask: .*nothing is known of/],
  ['[/app/bin/lakerunner, query-worker]', '[sh, -c, x]', /^startCommands WorkerTask: .*has no sh/],
  ['User: "1000"', 'User: "0"', /^confinedContainers ApiTask: api: runs as root/],
  [
    'ReadonlyRootFilesystem: true',
    'ReadonlyRootFilesystem: false',
    /^confinedContainers ApiTask: .*read-only/,
  ],
  [
    'ContainerPath: /scratch',
    'ContainerPath: /other',
    /^confinedContainers ApiTask: api: TMPDIR is \/scratch, where no/,
  ],
  ['{ SourceVolume: scratch', '{ SourceVolume: scrap', /^mountedVolumes ApiTask: api: mounts scrap/],
  ['Value: require', 'Value: prefer', /^databaseTls ApiTask: api: LRDB does not say/],
  [
    'awslogs-group: !Ref Logs',
    'awslogs-group: /ecs/api',
    /^logGroups ApiTask: api: its log group \/ecs\/api is not/,
  ],
  ['RetentionInDays: 14', 'Tags: []', /^logGroups Logs: keeps logs for ever/],
  [
    'Name: api',
    'Essential: false\n          Name: api',
    /^essentialContainers ApiTask: no container is essential/,
  ],
  [
    'Name: api',
    'DependsOn: [{ ContainerName: init, Condition: SUCCESS }]\n          Name: api',
    /^essentialContainers ApiTask: api waits for init/,
  ],
  ['DeletionPolicy: Snapshot', 'DeletionPolicy: Delete', /^dataIsKept Database: deletionPolicy is Delete/],
  [
    'DeletionPolicy: Retain, UpdateReplacePolicy: Retain, ',
    '',
    /^dataIsKept Files: updateReplacePolicy is not there/,
  ],
  [
    'StorageEncrypted: true',
    'StorageEncrypted: false',
    /^dataIsEncrypted Database: is without StorageEncrypted/,
  ],
  [
    'PubliclyAccessible: false',
    'PubliclyAccessible: true',
    /^dataIsEncrypted Database: is without PubliclyAccessible: false/,
  ],
  ['SqsManagedSseEnabled: true, Vis', 'Vis', /^dataIsEncrypted Queue: is without SqsManagedSseEnabled/],
  ['{ Encrypted: true }', '{}', /^dataIsEncrypted Files: is without Encrypted/],
  [
    'TransitEncryption: ENABLED',
    'RootDirectory: /',
    /^dataIsEncrypted ApiTask: is without TransitEncryption of files/,
  ],
  ['BucketEncryption: {', 'Encryption: {', /^dataIsEncrypted Bucket: is without BucketEncryption/],
  ['Effect: Deny', 'Effect: Allow', /^transportIsEncrypted Bucket: takes requests without TLS/],
  [
    `!Sub "{{resolve:secretsmanager:\${DbSecret}:SecretString:password}}"`,
    'hunter2',
    /^secretsAreGenerated Database/,
  ],
  ['{ SecretString: !Ref Password }', '{ Description: x }', /^secretsAreGenerated OwnSecret: holds nothing/],
  ['Value: traces-raw/', 'Value: db/', /^notifications Bucket: tells of db\/, logs-raw\//],
  ['DependsOn: QueuePolicy', 'DependsOn: Queue', /^notifications Bucket: is not made after the policy/],
  ['"sqs:SendMessage"', '"sqs:ReceiveMessage"', /^notifications Queue: no policy lets S3/],
  [
    ', Condition: { StringEquals: { "aws:SourceAccount": !Ref AWS::AccountId } }',
    '',
    /^notifications Queue: .*any account/,
  ],
  ['VisibilityTimeout: 300', 'VisibilityTimeout: 30', /^notifications Queue: its messages come back/],
  [
    'RedrivePolicy: { deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5 }',
    'DelaySeconds: 0',
    /^notifications Queue: has no dead-letter queue/,
  ],
  [
    '{ Type: AWS::ECS::Cluster }',
    '{ Type: AWS::ECS::Cluster, Properties: { ClusterName: !Ref Namespace } }',
    /^noReferenceAsName Cluster: ClusterName is an id/,
  ],
  [
    '{ Type: AWS::ECS::Cluster }',
    '{ Type: AWS::ECS::Cluster, Properties: { ClusterName: !Ref AWS::StackId } }',
    /^noReferenceAsName Cluster: ClusterName is an ARN/,
  ],
  [
    `"/lake/\${AWS::StackName}/setting"`,
    `"/lake/\${Queue}/setting"`,
    /^noReferenceAsName Setting: Name is a URL/,
  ],
  [
    '{ Type: AWS::ECS::Cluster }',
    '{ Type: AWS::ECS::Cluster, Properties: { ClusterName: lake } }',
    /^namesOfTheStack Cluster: the name lake/,
  ],
  [
    'Properties: { Type: application',
    `Properties: { Name: !Sub "\${AWS::StackName}-a-load-balancer-of-the-lake", Type: application`,
    /^shortNames Alb: .* 33 characters/,
  ],
  [
    'AssumeRolePolicyDocument',
    `RoleName: !Sub "\${AWS::StackName}-start"\n      AssumeRolePolicyDocument`,
    /^noNamedIdentities ExecutionRole: RoleName/,
  ],
  ['["s3:GetObject"]', '["s3:*"]', /^leastPrivilege TaskRole: allows s3:\*/],
  [`!Sub "\${Bucket.Arn}/*"`, '"*"', /^leastPrivilege TaskRole: allows s3:GetObject on \*/],
  [`!Sub "\${Bucket.Arn}/*"`, 'arn:aws:s3:::*', /^leastPrivilege TaskRole: allows s3:GetObject on arn/],
  [
    '{ Effect: Allow, Action: ["s3:GetObject"]',
    '{ Effect: Allow, NotAction: "iam:*"',
    /^leastPrivilege TaskRole: allows all but/,
  ],
  [
    `["s3:GetObject"], Resource: !Sub "\${Bucket.Arn}/*"`,
    '["iam:PassRole"], Resource: !GetAtt ExecutionRole.Arn',
    /^passedRoles TaskRole/,
  ],
  ['Service: ecs-tasks.amazonaws.com', 'AWS: "*"', /^trustedServices ExecutionRole: may be assumed by \*/],
  ['Principal: { Service: s3.amazonaws.com }', 'Principal: "*"', /^nothingForEverybody QueuePolicy/],
  [
    'Statement: [{ Effect: Deny, Principal: "*", Action: "s3:*", Resource: !GetAtt Bucket.Arn, Condition: { Bool: { "aws:SecureTransport": "false" } } }]',
    'Statement: []',
    /^transportIsEncrypted Bucket/,
  ],
  [
    '{ Type: AWS::ECS::Cluster }',
    '{ Type: AWS::IAM::ManagedPolicy, Properties: { PolicyDocument: { Statement: [!If [HasKey, x, !Ref AWS::NoValue]] } } }',
    /^policiesSaySomething Cluster/,
  ],
  [
    'FromPort: 8090, ToPort: 8090',
    'FromPort: 8091, ToPort: 8091',
    /^balancersReachTasks Api: no security group admits Alb to its port 8090/,
  ],
  [
    'FromPort: 7101, ToPort: 7101',
    'FromPort: 7100, ToPort: 7100',
    /^balancersReachTasks Api: no security group admits Alb to its port 7101/,
  ],
  [
    'PortMappings: [{ ContainerPort: 7101 }]',
    'PortMappings: []',
    /^balancersReachTasks Api: .*no container has a port mapping/,
  ],
  [
    'FromPort: 7101, ToPort: 7101, CidrIp: 10.0.0.0/8',
    'FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8',
    /^listenersAreReached Listener: .*7101/,
  ],
  [
    SELF,
    SELF.replace('8081, ToPort: 8081', '8082, ToPort: 8082'),
    /^tasksReachWhatTheyName ApiTask: QUERY_WORKER_SERVICE_NAME .*Worker does not admit/,
  ],
  [
    'ContainerPort: 8081',
    'ContainerPort: 8082',
    /^tasksReachWhatTheyName ApiTask: QUERY_WORKER_SERVICE_NAME .*no port mapping/,
  ],
  [`"worker.\${`, `"workers.\${`, /^tasksReachWhatTheyName ApiTask: .*nobody is workers/],
  [
    'FromPort: 5432, ToPort: 5432',
    'FromPort: 5433, ToPort: 5433',
    /^tasksReachWhatTheyName ApiTask: LRDB_HOST .*database does not admit/,
  ],
  [
    'FromPort: 2049, ToPort: 2049',
    'FromPort: 2050, ToPort: 2050',
    /^tasksReachWhatTheyName Mount: does not admit Api to 2049/,
  ],
  [
    `http://\${Alb.DNSName}:7101`,
    `http://\${Alb.DNSName}:80`,
    /^tasksReachWhatTheyName ApiTask: QUERY_API_URL .*does not listen/,
  ],
  [
    'Scheme: internal',
    'Scheme: internet-facing',
    /^tasksReachWhatTheyName ApiTask: QUERY_API_URL .*NAT gateway/,
  ],
  [
    'Scheme: internal',
    'Scheme: internet-facing',
    /^balancersWhereTheyBelong Alb: is internet-facing in subnet/,
  ],
  [
    'Subnets: [!Ref SubnetA, !Ref SubnetB], SecurityGroups: [!GetAtt AlbGroup',
    'Subnets: [!Ref SubnetA], SecurityGroups: [!GetAtt AlbGroup',
    /^balancersWhereTheyBelong Alb: needs subnets/,
  ],
  [
    'HealthCheckPath: /readyz',
    'HealthCheckPath: /health',
    /^routesAreServed Targets: nothing serves \/health on 8090/,
  ],
  ['["/api/v1/*"]', '["/graphs/*"]', /^routesAreServed Rule: nothing serves \/graphs\/\* on 7101/],
  [
    '["/api/v1/*"]',
    '["/a*", "/ap*", "/api*", "/api/*", "/api/v1/*", "/api/v1/s*"]',
    /^routesAreServed Rule: has 6 values/,
  ],
  [
    ':password::"',
    ':secret::"',
    /^secretsAreGranted ApiTask: LRDB_PASSWORD: the secret DbSecret has no key secret/,
  ],
  [':password::"', ':password"', /^secretsAreGranted ApiTask: .*is not ARN:key:stage:version/],
  [
    'Resource: !Ref DbSecret',
    'Resource: !Ref OwnSecret',
    /^secretsAreGranted ApiTask: LRDB_PASSWORD: .*may not secretsmanager:GetSecretValue/,
  ],
  [
    `parameter\${Setting}`,
    `parameter/\${Setting}`,
    /^secretsAreGranted ApiTask: SETTING: .*may not ssm:GetParameters/,
  ],
  [
    'ExecutionRoleArn: !GetAtt ExecutionRole.Arn',
    'ExecutionRoleArn: arn:aws:iam::1:role/x',
    /^secretsAreGranted ApiTask: its execution role is not made here/,
  ],
  [
    'Action: "kms:Decrypt"',
    'Action: "kms:Encrypt"',
    /^keysAreGranted ExecutionRole: may not kms:Decrypt/,
    KEY,
  ],
  [', NoEcho: true', '', /^secretParametersAreHidden Password/],
  [
    'Type: String, Value: x',
    'Type: String, Value: !Ref Password',
    /^hiddenValuesStayHidden Setting: shows what/,
    { Password: 'hunter2' },
  ],
  ['Name: LRDB_SSLMODE', 'Name: LRDB_PASSWORD', /^noSecretsInEnvironment ApiTask: LRDB_PASSWORD/],
  [
    'GroupDescription: tasks',
    'GroupDescription: a -> b',
    /^securityGroupTexts TaskGroup: EC2 refuses .*a -> b/,
  ],
  ['Description: health', 'Description: balancer > task', /^securityGroupTexts TaskGroup: EC2 refuses/],
  ['CidrIp: 10.0.0.0/8', 'CidrIp: 0.0.0.0/0', /^closedToTheInternet AlbGroup: lets the internet in on 7101/],
  [
    'GroupDescription: tasks',
    'GroupDescription: tasks\n      SecurityGroupEgress: [{ IpProtocol: -1, CidrIp: 0.0.0.0/0 }]',
    /^defaultEgress TaskGroup/,
  ],
  [
    'DependsOn: [Listener, Rule]',
    'DependsOn: [Listener]',
    /^servicesAfterListeners Api: is not made after Rule/,
  ],
  ['AssignPublicIp: DISABLED, ', '', /^tasksArePrivate Api: AssignPublicIp/],
  [
    'Subnets: [!Ref SubnetA, !Ref SubnetB], SecurityGroups: [!GetAtt TaskGroup',
    'Subnets: [subnet-1], SecurityGroups: [!GetAtt TaskGroup',
    /^tasksArePrivate Api: is in public subnets: subnet-1/,
    { PublicSubnets: 'subnet-1' },
  ],
  ['Rollback: true', 'Rollback: false', /^deploymentsRollBack Api: no circuit breaker/],
  ['PropagateTags: SERVICE', 'Role: x', /^deploymentsRollBack Api: its tags/],
  ['"ssmmessages:OpenDataChannel"', '"ssmmessages:CreateDataChannel"', /^execIsGranted TaskRole/],
  [
    'TaskDefinition: !Ref WorkerTask',
    'TaskDefinition: arn:x',
    /^definitionsAreRun WorkerTask: nothing runs it/,
  ],
  [
    '"ecr:GetAuthorizationToken"',
    '"ecr:DescribeImages"',
    /^tasksCanStart ExecutionRole: may not ecr:GetAuthorizationToken/,
  ],
  ['"logs:CreateLogStream", ', '', /^tasksCanStart ExecutionRole: may not logs:CreateLogStream/],
  [
    '{ Service: ecs-tasks.amazonaws.com }',
    '{ Service: lambda.amazonaws.com }',
    /^tasksCanStart ExecutionRole: may not be assumed by ecs-tasks/,
  ],
  ['["s3:GetObject"]', '["s3:PutObject"]', /^tasksMayWork TaskRole: may not s3:GetObject .*\/db\//],
  [
    '"elasticfilesystem:ClientWrite"',
    '"elasticfilesystem:ClientRead"',
    /^tasksMayWork TaskRole: may not elasticfilesystem:ClientWrite/,
  ],
  [
    '{ Service: lambda.amazonaws.com }',
    '{ Service: ecs-tasks.amazonaws.com }',
    /^functionsCanStart RunnerRole: may not be assumed by lambda/,
  ],
  [
    ', LoggingConfig: { LogGroup: !Ref Logs }',
    '',
    /^functionsCanStart Runner: logs to a group that is not made here/,
  ],
  ['"ecs:RunTask"', '"ecs:StartTask"', /^functionsMayRunTasks RunnerRole: may not ecs:RunTask/],
  ['"ecs:StopTask"', '"ecs:StartTask"', /^functionsMayRunTasks RunnerRole: may not ecs:StopTask/],
  [
    'DependsOn: RunnerPolicy',
    'DependsOn: Cluster',
    /^rightsBeforeUse RunSetup: may begin before RunnerPolicy/,
  ],
  ['- { Name: LRDB_USER', '- { Name: LRDB_OTHER', /^servicesAreEquipped ApiTask: api is without LRDB_USER/],
  [
    'HealthCheck: { Command: [CMD, lakewright, sysinfo, --check] }',
    'StopTimeout: 120',
    /^servicesAreEquipped ApiTask: api has no health check/,
  ],
  [
    'Cluster: !Ref Cluster\n      LaunchType: FARGATE',
    'LaunchType: FARGATE',
    /^servicesOnFargate Api: is in the default cluster/,
  ],
  ['LaunchType: FARGATE', 'LaunchType: EC2', /^servicesOnFargate Api: its LaunchType/],
  ['BlockPublicPolicy: true, ', '', /^bucketsAreClosed Bucket: is without BlockPublicPolicy/],
  ['Prefix: logs-raw/ }', 'Prefix: db/ }', /^rawObjectsExpire Bucket: loses what is in db\//],
  ['Prefix: logs-raw/ }', 'Prefix: db/ }', /^rawObjectsExpire Bucket: keeps logs-raw\/ for ever/],
  ['NotificationConfiguration:', 'Notifications:', /^notifications Bucket: tells no queue/],
  [
    'SubnetId: !Ref SubnetB, SecurityGroups',
    'SubnetId: !Ref PublicB, SecurityGroups',
    /^tasksReachWhatTheyName ApiTask: fs-.* has no mount target in subnet/,
  ],
  [
    'NatGatewayId: !Ref Nat',
    'GatewayId: !Ref Internet',
    /^subnetsLeadSomewhere SubnetA: is private, and leads to the internet/,
  ],
  [
    'RouteTableId: !Ref PrivateTable, DestinationCidrBlock: 0.0.0.0/0',
    'RouteTableId: !Ref PrivateTable, DestinationCidrBlock: 10.9.0.0/16',
    /^subnetsLeadSomewhere SubnetA: leads to no secretsmanager/,
  ],
  [
    '{ SubnetId: !Ref SubnetB, RouteTableId',
    '{ SubnetId: !Ref PublicB, RouteTableId',
    /^subnetsLeadSomewhere SubnetB: is associated with no route table/,
  ],
  ['SubnetId: !Ref PublicA }', 'SubnetId: !Ref SubnetA }', /^gatewaysLeadOut Nat/],
  [
    'Route, DependsOn: Attachment, ',
    'Route, ',
    /^madeAfterAttachment PublicRoute: is not made after Attachment/,
  ],
  ['Gateway, DependsOn: Attachment, ', 'Gateway, ', /^madeAfterAttachment Nat: is not made after Attachment/],
  ['EIP, DependsOn: Attachment, ', 'EIP, ', /^madeAfterAttachment NatAddress: is not made after Attachment/],
  [
    'CidrBlock: 10.0.2.0/24',
    'CidrBlock: 10.0.1.0/24',
    /^subnetsApart SubnetA: has the addresses|^subnetsApart SubnetB: has the addresses/,
  ],
  [
    'CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1b',
    'CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1a',
    /^subnetsApart SubnetA: its tier is in one zone/,
  ],
  ['EnableDnsHostnames: true, ', '', /^namesAreAnswered Vpc: is without EnableDnsHostnames/],
  [
    'Command: [lakewright, service, query-api]',
    'Essential: true',
    /^startCommands ApiTask: api: has no command/,
  ],
  [
    'Name: LRDB_DBNAME, Value: lake',
    'Name: OTEL_EXPORTER_OTLP_ENDPOINT, Value: lake',
    /^servicesAreEquipped ApiTask: .*ENABLE_OTLP_TELEMETRY/,
  ],
  [
    'TargetGroupArn: !Ref Targets }]\n      NetworkConfiguration',
    'TargetGroupArn: arn:x }]\n      NetworkConfiguration',
    /^targetsAreServed Targets: no service/,
  ],
];

describe('checks', () => {
  it.each([{}, KEY])('find nothing in a sound install (%j)', (parameters) => {
    expect(found('', '', parameters)).toEqual([]);
  });

  it.each(FAULTS)('%j as %j', (from, to, expected, parameters) => {
    expect(found(from, to, parameters)).toContainEqual(expect.stringMatching(expected));
  });

  it('have each a fault that it finds', () => {
    const seen = FAULTS.map(([, , expected]) => expected.source);
    const all = [...Object.keys(STACK_CHECKS), ...Object.keys(INSTALL_CHECKS)];
    expect(all.filter((name) => !seen.some((source) => source.startsWith(`^${name} `)))).toEqual([]);
  });
});
