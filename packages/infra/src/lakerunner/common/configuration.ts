import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnParameter as CfnSsmParameter } from 'aws-cdk-lib/aws-ssm';
import { Aws, CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import type { StackDefaults } from '../../defaults.ts';

const KEY_LENGTH = 40;

/** What `lakewright setup` reads: API keys and storage profiles, as YAML. */
export class Configuration extends Construct {
  /** JSON of organization_id and api_key: the generated key alone, for those who use it. */
  readonly apiKey: CfnSecret;
  /** The list of API keys. */
  readonly apiKeys: CfnSecret;
  readonly storageProfiles: CfnSsmParameter;

  constructor(
    scope: Construct,
    props: {
      readonly defaults: StackDefaults;
      readonly apiKeysOverride: CfnParameter;
      readonly storageProfilesOverride: CfnParameter;
      readonly bucketName: string;
    },
  ) {
    super(scope, 'Configuration');
    const { defaults } = props;
    this.apiKey = new CfnSecret(this, 'ApiKeySecret', {
      description: 'Generated API key of this install',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ organization_id: defaults.organization }),
        generateStringKey: 'api_key',
        passwordLength: KEY_LENGTH,
        // It stands in headers and in YAML.
        excludePunctuation: true,
      },
    });
    this.apiKeys = new CfnSecret(this, 'ApiKeysSecret', {
      description: 'API keys that setup gives the lake, as YAML',
      secretString: this.#overriddenBy(
        'HasApiKeysOverride',
        props.apiKeysOverride,
        Fn.sub(apiKeysYaml(defaults.organization, this.apiKey.node.id)),
      ),
    });
    this.storageProfiles = new CfnSsmParameter(this, 'StorageProfilesParam', {
      name: Fn.sub(`/lakerunner/\${AWS::StackName}/storage_profiles`),
      type: 'String',
      description: 'Storage profiles that setup gives the lake, as YAML',
      value: this.#overriddenBy(
        'HasStorageProfilesOverride',
        props.storageProfilesOverride,
        Fn.sub(storageProfilesYaml(defaults), { Bucket: props.bucketName }),
      ),
    });
  }

  #overriddenBy(id: string, override: CfnParameter, otherwise: string): string {
    const has = new CfnCondition(this, id, {
      expression: Fn.conditionNot(Fn.conditionEquals(override.valueAsString, '')),
    });
    return Fn.conditionIf(has.logicalId, override.valueAsString, otherwise).toString();
  }

  get storageProfilesArn(): string {
    const parts = ['arn:', Aws.PARTITION, ':ssm:', Aws.REGION, ':', Aws.ACCOUNT_ID, ':parameter'];
    // Its name begins with the slash.
    return Fn.join('', [...parts, this.storageProfiles.ref]);
  }
}

function apiKeysYaml(organization: string, secret: string): string {
  const key = `{{resolve:secretsmanager:\${${secret}}:SecretString:api_key}}`;
  return `- organization_id: ${organization}\n  keys: ["${key}"]\n`;
}

function storageProfilesYaml({ storageProfiles }: StackDefaults): string {
  return stringify(storageProfiles)
    .replaceAll(`\${AWS_REGION}`, `\${AWS::Region}`)
    .replaceAll(`\${BUCKET_NAME}`, `\${Bucket}`);
}
