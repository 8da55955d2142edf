import { CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Aws, type CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ServiceDefaults } from '../../defaults.ts';
import { importedFrom } from '../../template-stack.ts';
import { either, eitherList, eitherText, onlyIf } from '../conditions.ts';
import { containerBase, OUR_USER, serviceLogGroup, VOLUMES } from '../fargate.ts';
import type { ServiceImage } from '../image.ts';
import { allow, allowKey, ecsRole, START } from '../roles.ts';
import { databaseSecrets, databaseVariables, fieldOf, variables } from '../services/environment.ts';

export interface SetupTaskMeans {
  readonly common: CfnParameter;
  readonly image: ServiceImage;
  readonly defaults: ServiceDefaults;
  readonly cpu: CfnParameter;
  readonly memory: CfnParameter;
  readonly taskRoleArn: CfnParameter;
  readonly hasTaskRole: CfnCondition;
  readonly kmsKeyArn: CfnParameter;
  readonly hasKmsKey: CfnCondition;
}

/** The task that makes the tables and seeds keys and profiles. It asks nothing of AWS itself. */
export class SetupTask extends Construct {
  readonly definition: CfnTaskDefinition;
  readonly executionRole: CfnRole;
  readonly logs: CfnLogGroup;
  /** Of the definition, in every revision. */
  readonly family = Fn.sub(`\${AWS::StackName}-setup`);

  constructor(scope: Construct, means: SetupTaskMeans) {
    super(scope, 'SetupTask');
    const { common, image, defaults } = means;
    this.logs = serviceLogGroup(this, 'Setup', 'setup');
    this.executionRole = this.#executionRole(means);
    this.definition = new CfnTaskDefinition(this, 'SetupTaskDef', {
      family: this.family,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: means.cpu.valueAsString,
      memory: means.memory.valueAsString,
      runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
      executionRoleArn: this.executionRole.attrArn,
      taskRoleArn: eitherText(means.hasTaskRole, means.taskRoleArn.valueAsString, Aws.NO_VALUE),
      volumes: VOLUMES,
      containerDefinitions: [
        {
          ...containerBase({ name: 'Setup', image: image.parameter, logs: this.logs }),
          command: eitherList(image.isLakerunners, defaults.lakerunner?.command, defaults.command),
          user: eitherText(image.isLakerunners, '0', OUR_USER),
          readonlyRootFilesystem: either(image.isLakerunners, false, true),
          environment: [
            ...databaseVariables(common),
            ...variables({
              API_KEYS_FILE: 'env:API_KEYS_ENV',
              STORAGE_PROFILE_FILE: 'env:STORAGE_PROFILES_ENV',
            }),
            ...configVariables(means),
          ],
          secrets: [
            ...databaseSecrets(common),
            { name: 'API_KEYS_ENV', valueFrom: importedFrom(common, 'ApiKeysSecretArn') },
            { name: 'STORAGE_PROFILES_ENV', valueFrom: importedFrom(common, 'StorageProfilesParamArn') },
            ...configSecrets(means),
          ],
        },
      ],
    });
  }

  #executionRole({ common, kmsKeyArn, hasKmsKey }: SetupTaskMeans): CfnRole {
    const secrets = ['DbSecretArn', 'ApiKeysSecretArn'].map((name) => importedFrom(common, name));
    return ecsRole(this, 'ExecutionRole', {
      statements: [
        ...START,
        allow(['secretsmanager:GetSecretValue'], secrets),
        allow(['ssm:GetParameters'], importedFrom(common, 'StorageProfilesParamArn')),
        allowKey(hasKmsKey, kmsKeyArn.valueAsString),
      ],
    });
  }
}

/** Lakerunner's setup knows two databases, which are one here; ours takes the one for both. */
function configVariables({ common, image }: SetupTaskMeans) {
  const values = {
    CONFIGDB_HOST: importedFrom(common, 'DbEndpoint'),
    CONFIGDB_PORT: importedFrom(common, 'DbPort'),
    CONFIGDB_DBNAME: importedFrom(common, 'DbName'),
    CONFIGDB_SSLMODE: 'require',
  };
  return Object.entries(values).map(([Name, Value]) => onlyIf(image.isLakerunners, { Name, Value }));
}

function configSecrets({ common, image }: SetupTaskMeans) {
  const secret = importedFrom(common, 'DbSecretArn');
  const fields = { CONFIGDB_USER: 'username', CONFIGDB_PASSWORD: 'password' };
  return Object.entries(fields).map(([Name, field]) =>
    onlyIf(image.isLakerunners, { Name, ValueFrom: fieldOf(secret, field) }),
  );
}
