import type {
  ClusterFacts,
  DatabaseFacts,
  EndpointFacts,
  RouteTableFacts,
  SecurityGroupFacts,
  SubnetFacts,
} from './network.ts';
import type { BucketFacts, NotificationsFacts } from './storage.ts';

/**
 * What a look at an account found: a value, that there is none, or that the looker is not allowed (or not able) to see
 * it. The third is never to be taken for one of the others.
 */
export type Look<T> =
  | { readonly state: 'seen'; readonly value: T }
  | { readonly state: 'absent' }
  | {
      readonly state: 'hidden';
      /** `not allowed to ...: AWS answered 403 AccessDenied` */
      readonly reason: string;
      /** What the looker lacks: `iam:GetRole`. */
      readonly action: string;
    };

export interface QueueFacts {
  readonly url: string;
  readonly arn: string;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  /** JSON; undefined where the queue has none. */
  readonly policy: string | undefined;
  readonly deadLetterArn: string | undefined;
  readonly maxReceives: number | undefined;
  /** Id, alias or ARN of the customer's key; undefined with SQS' own encryption, or none. */
  readonly kmsKey: string | undefined;
}

export interface SecretFacts {
  readonly arn: string;
  readonly kmsKey: string | undefined;
  /** Whether it waits for its deletion: nothing can read it. */
  readonly deleted: boolean;
  readonly shape: Look<SecretShape>;
}

/** The shape of a secret: what is in it is never told. */
export interface SecretShape {
  readonly isObject: boolean;
  /** Names of the fields of a JSON object that are text and not empty. */
  readonly fields: readonly string[];
}

export interface RoleFacts {
  readonly arn: string;
  readonly name: string;
  /** Policies as JSON, with a name for each: inline ones and attached ones. */
  readonly policies: Look<readonly NamedPolicy[]>;
  /** Who may assume it, as JSON. */
  readonly trust: string;
  readonly boundary: Look<NamedPolicy>;
}

export interface NamedPolicy {
  readonly name: string;
  readonly document: string;
}

/** One action of a simulation, and what IAM said to it. */
export interface Simulated {
  readonly action: string;
  readonly resource: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Whether a service control policy or a permission boundary is what does not allow it. */
  readonly by: 'organization' | 'boundary' | undefined;
  /** Condition keys that the decision depends on and nobody said. */
  readonly unknownKeys: readonly string[];
}

export interface CallerFacts {
  readonly account: string;
  readonly arn: string;
  /** `aws`, `aws-cn`, `aws-us-gov` */
  readonly partition: string;
  readonly region: string;
}

/**
 * A port: an AWS account, read and never changed. Each look is asked for by the id that CloudFormation takes. Throws
 * UnavailableError when AWS cannot be reached, and ConfigError without credentials or a region: then nothing can be said.
 */
export interface AccountReader {
  caller(): Promise<CallerFacts>;
  bucket(name: string): Promise<BucketFacts>;
  notifications(bucket: string): Promise<Look<NotificationsFacts>>;
  /** By ARN; in the ARN's region. */
  queue(arn: string): Promise<Look<QueueFacts>>;
  /** The instance, cluster or proxy whose endpoint this host name is. */
  database(host: string): Promise<Look<DatabaseFacts>>;
  secret(arn: string): Promise<Look<SecretFacts>>;
  vpc(id: string): Promise<Look<{ readonly cidrs: readonly string[] }>>;
  subnets(ids: readonly string[]): Promise<Look<readonly SubnetFacts[]>>;
  routeTables(vpcId: string): Promise<Look<readonly RouteTableFacts[]>>;
  endpoints(vpcId: string): Promise<Look<readonly EndpointFacts[]>>;
  securityGroups(ids: readonly string[]): Promise<Look<readonly SecurityGroupFacts[]>>;
  cluster(arn: string): Promise<Look<ClusterFacts>>;
  role(arn: string): Promise<Look<RoleFacts>>;
  /** Asks IAM what the role may do to one resource. */
  simulate(
    roleArn: string,
    actions: readonly string[],
    resource: string,
  ): Promise<Look<readonly Simulated[]>>;
  close(): void;
}
