import { LAKERUNNER, type TemplateFacts, templateFacts } from '../src/index.ts';

const PARAMETERS: Readonly<Record<string, string>> = {
  'lakerunner-vpc.yaml': '{EnvironmentName: {Type: String, Default: lakerunner}}',
  'lakerunner-common.yaml': `{VpcId: {Type: 'AWS::EC2::VPC::Id'}, PrivateSubnets: {Type: CommaDelimitedList},
    PublicSubnets: {Type: CommaDelimitedList, Default: ''}, DbInstanceClass: {Type: String, Default: db.t3.medium},
    CreateRDS: {Type: String, Default: 'Yes', AllowedValues: ['Yes', 'No']},
    ApiKeysOverride: {Type: String, Default: '', NoEcho: true}}`,
  'lakerunner-ecs-setup.yaml': `{CommonInfraStackName: {Type: String}, ContainerImage: {Type: String, Default: 'public.example/lakewright:1'}}`,
  'lakerunner-ecs-services.yaml': `{CommonInfraStackName: {Type: String, AllowedPattern: '[a-zA-Z][-a-zA-Z0-9]*'},
    GoServicesImage: {Type: String, Default: 'public.example/lakewright:1'}, QueryApiImage: {Type: String, Default: 'public.example/lakewright:1'}}`,
  'lakerunner-grafana-service.yaml':
    '{CommonInfraStackName: {Type: String}, ServicesStackName: {Type: String}}',
  'lakerunner-otel-collector.yaml': '{CommonInfraStackName: {Type: String}}',
  'lakerunner-demo-apps.yaml':
    '{CommonInfraStackName: {Type: String}, ServicesStackName: {Type: String}, OtelCollectorStackName: {Type: String}}',
};

const OUTPUTS: Readonly<Record<string, string>> = {
  'lakerunner-vpc.yaml': `Outputs: {VpcId: {Value: vpc-00000001}, PrivateSubnets: {Value: 'subnet-00000001,subnet-00000002'},
    PublicSubnets: {Value: 'subnet-00000003,subnet-00000004'}}`,
};

/** Templates with the parameters that the engine knows, and one thing each. */
export function smallTemplates(): Map<string, TemplateFacts> {
  return new Map(
    LAKERUNNER.stacks.map(({ template }) => {
      const body = `Parameters: ${PARAMETERS[template]}\nResources: {Thing: {Type: 'AWS::Some::Thing'}}\n${OUTPUTS[template] ?? ''}\n`;
      return [template, templateFacts(template, body)];
    }),
  );
}
