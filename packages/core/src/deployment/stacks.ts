/** A stack as it stands, in CloudFormation's own words. */
export interface StackDescription {
  /** The ARN: it names this stack and never a later one of the same name. */
  readonly id: string;
  readonly name: string;
  /** `CREATE_COMPLETE`, `UPDATE_ROLLBACK_FAILED` and so on. */
  readonly status: string;
  readonly statusReason: string | undefined;
  /** Values as CloudFormation tells them: those of `NoEcho` are asterisks. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch: of the last update, or of its making. */
  readonly changedAtMs: number | undefined;
  readonly drift: { readonly status: string; readonly checkedAtMs: number | undefined } | undefined;
  /** Whether CloudFormation refuses to delete it until somebody allows that. */
  readonly terminationProtected: boolean;
}

/** A resource of a stack. */
export interface StackResource {
  readonly logicalId: string;
  /** Undefined while it is not made. */
  readonly physicalId: string | undefined;
  readonly type: string;
  /** `CREATE_COMPLETE`, `DELETE_SKIPPED` and so on. */
  readonly status: string;
  readonly reason: string | undefined;
  /** Whether it is as the template says: `IN_SYNC`, `MODIFIED`, `DELETED`, `NOT_CHECKED`. */
  readonly drift: string | undefined;
}

/** Something that happened to a stack or a resource of it. */
export interface StackEvent {
  readonly id: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly logicalId: string;
  readonly physicalId: string | undefined;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** One property that a change set changes. */
export interface PropertyChange {
  /** `Properties.DesiredCount`, `Tags`. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** `Never`, `Conditionally` or `Always`. */
  readonly recreation: string | undefined;
}

/** What a change set would do to one resource. */
export interface ResourceChange {
  /** `Add`, `Modify`, `Remove`, `Import` or `Dynamic`. */
  readonly action: string;
  readonly logicalId: string;
  readonly physicalId: string | undefined;
  readonly type: string;
  /** `True`, `False` or `Conditional`, for `Modify`. */
  readonly replacement: string | undefined;
  readonly properties: readonly PropertyChange[];
}

/** A change set as it stands. */
export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  /** `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED`. */
  readonly status: string;
  readonly reason: string | undefined;
  readonly changes: readonly ResourceChange[];
}

/** A parameter for a stack: a value, or what it has. */
export type ParameterInput =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly previous: true };

export interface ChangeSetRequest {
  readonly stack: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  /** The text, where it is in S3, or the one that the stack has. */
  readonly template: { readonly body: string } | { readonly url: string } | 'previous';
  readonly parameters: readonly ParameterInput[];
  /** Whether stacks inside this one are part of what is worked out. */
  readonly nested: boolean;
  /** Tags of the stack and of what it makes; undefined leaves those that it has. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/**
 * A port: CloudFormation's stacks of one account and region. Every method throws UnavailableError when nothing answers,
 * ConfigError without the right to it, and BadInputError with CloudFormation's own words for what it refuses.
 */
export interface Stacks {
  /** The stack of a name or ARN; a deleted one only by its ARN. Undefined when there is none. */
  describe(stack: string): Promise<StackDescription | undefined>;
  /** The latest deleted stack of each of `names`, as far as CloudFormation remembers (90 days). */
  deleted(names: readonly string[]): Promise<readonly { readonly name: string; readonly id: string }[]>;
  /** Throws NotFoundError. */
  resources(stack: string): Promise<readonly StackResource[]>;
  /** Events after the one with the id `after`, the oldest first; all of them without it. Throws NotFoundError. */
  events(stack: string, after?: string): Promise<readonly StackEvent[]>;
  /** The template as it was given. Throws NotFoundError. */
  template(stack: string): Promise<string>;
  /** Answers the id of the change set, which is still being made. */
  createChangeSet(request: ChangeSetRequest): Promise<string>;
  /** Throws NotFoundError. */
  changeSet(id: string): Promise<ChangeSet>;
  /** Names of the change sets that a stack has. Throws NotFoundError. */
  changeSetNames(stack: string): Promise<readonly string[]>;
  executeChangeSet(id: string): Promise<void>;
  /** Removing what is not there is no error. */
  deleteChangeSet(id: string): Promise<void>;
  /** Begins to delete it; what is deleted already is no error. */
  delete(stack: string): Promise<void>;
  /** Begins to compare resources with the template; answers the id of the comparison. */
  detectDrift(stack: string): Promise<string>;
  /** How far a comparison is: `DETECTION_IN_PROGRESS`, `DETECTION_COMPLETE` or `DETECTION_FAILED`. */
  driftDetection(id: string): Promise<{ readonly status: string; readonly reason: string | undefined }>;
}
