import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { importedFrom } from '../../template-stack.ts';
import { eitherText, onlyIf } from '../conditions.ts';
import {
  allow,
  allowKey,
  EXEC,
  ecsRole,
  rolePolicy,
  START,
  type Statements,
  sharedPolicy,
} from '../roles.ts';
import type { Telemetry } from './environment.ts';

/** What services may do, by what they do with the bucket. */
export type Tier = 'pubsub' | 'write' | 'sweep' | 'query';

export interface RoleMeans {
  readonly common: CfnParameter;
  readonly taskRoleArn: CfnParameter;
  readonly kmsKeyArn: CfnParameter;
  readonly hasOwnRoles: CfnCondition;
  readonly hasKmsKey: CfnCondition;
  /** Where Lakerunner's query API looks for workers by itself. */
  readonly asksEcs: CfnCondition;
  readonly tokenSecret: string;
  readonly telemetry: Telemetry;
}

/** The roles of the services: of the tasks by tier, and of ECS by whether the key of query workers is among the secrets. */
export class ServiceRoles extends Construct {
  readonly #means: RoleMeans;
  readonly #tasks: Readonly<Record<Tier, CfnRole>>;
  readonly execution: CfnRole;
  readonly queryExecution: CfnRole;

  constructor(scope: Construct, means: RoleMeans) {
    super(scope, 'Roles');
    this.#means = means;
    const shared = sharedPolicy(this, 'TaskPolicy', this.#every());
    shared.cfnOptions.condition = means.hasOwnRoles;
    const role = (id: string, statements: Statements): CfnRole => {
      const made = ecsRole(this, id, { statements, shared });
      made.cfnOptions.condition = means.hasOwnRoles;
      return made;
    };
    this.#tasks = {
      pubsub: role('PubsubTaskRole', this.#pubsub()),
      write: role('WriteTaskRole', this.#write()),
      sweep: role('SweepTaskRole', this.#sweep()),
      query: role('QueryTaskRole', []),
    };
    this.#lookForWorkers();
    const start = sharedPolicy(this, 'StartPolicy', [...START, this.#key(), this.#headers()]);
    const startRole = (id: string, secrets: readonly string[]): CfnRole =>
      ecsRole(this, id, { statements: [allow(['secretsmanager:GetSecretValue'], secrets)], shared: start });
    const database = importedFrom(means.common, 'DbSecretArn');
    this.execution = startRole('ExecutionRole', [database]);
    this.queryExecution = startRole('QueryExecutionRole', [database, means.tokenSecret]);
  }

  /** The ARN of the role that a task of `tier` runs with: the customer's own when there is one. */
  taskRoleArn(tier: Tier): string {
    const { hasOwnRoles, taskRoleArn } = this.#means;
    return eitherText(hasOwnRoles, this.#tasks[tier].attrArn, taskRoleArn.valueAsString);
  }

  /** Without ListBucket S3 says of an object that is not there that it may not be looked at. */
  #every(): Statements {
    return [
      allow(['s3:ListBucket'], importedFrom(this.#means.common, 'BucketArn')),
      allow(['s3:GetObject'], this.#objects('*')),
      this.#key(),
      EXEC,
    ];
  }

  #key() {
    return allowKey(this.#means.hasKmsKey, this.#means.kmsKeyArn.valueAsString);
  }

  #headers() {
    const { headers, hasHeaders } = this.#means.telemetry;
    return onlyIf(hasHeaders, allow(['secretsmanager:GetSecretValue'], headers.valueAsString));
  }

  #pubsub(): Statements {
    const queue = [
      'ReceiveMessage',
      'DeleteMessage',
      'ChangeMessageVisibility',
      'GetQueueAttributes',
      'GetQueueUrl',
    ];
    return [
      allow(
        queue.map((action) => `sqs:${action}`),
        importedFrom(this.#means.common, 'QueueArn'),
      ),
    ];
  }

  #write(): Statements {
    return [allow(['s3:PutObject', 's3:AbortMultipartUpload'], this.#objects('db/*'))];
  }

  #sweep(): Statements {
    const own = [this.#objects('db/*'), this.#objects('iceberg/*')];
    return [
      allow(['s3:PutObject', 's3:AbortMultipartUpload'], own),
      allow(['s3:DeleteObject'], [...own, this.#objects('*-raw/*')]),
    ];
  }

  /** The actions on services and tasks are asked for with a cluster, and know it only as a condition. */
  #lookForWorkers(): void {
    const { common, asksEcs, hasOwnRoles } = this.#means;
    const actions = ['ListServices', 'DescribeServices', 'ListTasks', 'DescribeTasks'];
    const condition = new CfnCondition(this, 'LooksForWorkers', {
      expression: Fn.conditionAnd(hasOwnRoles, asksEcs),
    });
    const statement = allow(
      actions.map((action) => `ecs:${action}`),
      '*',
      { ArnEquals: { 'ecs:cluster': importedFrom(common, 'ClusterArn') } },
    );
    rolePolicy(this, 'LookForWorkers', this.#tasks.query, [statement]).cfnOptions.condition = condition;
  }

  #objects(pattern: string): string {
    return Fn.join('/', [importedFrom(this.#means.common, 'BucketArn'), pattern]);
  }
}
