/** Who is asking, and where. */
export interface AccountIdentity {
  readonly account: string;
  readonly region: string;
  /** The user or the session of a role. */
  readonly arn: string;
}

/** A subnet, as far as choosing one needs it. */
export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly cidr: string;
  readonly name: string | undefined;
  /** Whether its route table leads to an internet gateway. */
  readonly isPublic: boolean;
}

/** A service of ECS. */
export interface RunningService {
  readonly arn: string;
  readonly name: string;
  readonly desired: number;
  readonly running: number;
}

/** A port: what a deployment needs of an account beside its stacks. Errors are those of Stacks. */
export interface DeploymentAccount {
  identity(): Promise<AccountIdentity>;
  /** The subnets of a VPC, by zone and id. Throws NotFoundError without such a VPC. */
  subnets(vpc: string): Promise<readonly Subnet[]>;
  /** Those of `arns` that are still there. */
  services(arns: readonly string[]): Promise<readonly RunningService[]>;
  /** Asks for no tasks; a service that is gone is no error. */
  stopService(arn: string): Promise<void>;
  bucketExists(bucket: string): Promise<boolean>;
  /**
   * Removes every object, every version and every unfinished upload of a bucket, and then the bucket. `onProgress` is
   * told the count of what is removed. A bucket that is gone is no error.
   */
  deleteBucket(bucket: string, onProgress?: (removed: number) => void): Promise<void>;
}
