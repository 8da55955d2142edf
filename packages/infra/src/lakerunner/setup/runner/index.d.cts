/** A task as ECS describes it, as far as the runner looks at it. */
export interface Task {
  taskArn: string;
  lastStatus?: string;
  createdAt?: Date;
  stoppedReason?: string;
  containers?: { name: string; exitCode?: number; reason?: string }[];
}

export interface Failure {
  reason?: string;
  detail?: string;
}

export interface Found {
  tasks?: Task[];
  failures?: Failure[];
}

export interface Means {
  ecs: {
    runTask(input: Record<string, unknown>): Promise<Found>;
    describeTasks(input: { cluster: string; tasks: string[] }): Promise<Found>;
    stopTask(input: { cluster: string; task: string; reason: string }): Promise<unknown>;
  };
  lambda: {
    invoke(input: { FunctionName: string; InvocationType: 'Event'; Payload: string }): Promise<unknown>;
  };
  sleep(ms: number): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  log(line: string): void;
}

/** What CloudFormation sends, and, from one invocation to the next, which task is watched. */
export interface RunEvent {
  RequestType: 'Create' | 'Update' | 'Delete';
  ResponseURL: string;
  StackId: string;
  RequestId: string;
  LogicalResourceId: string;
  PhysicalResourceId?: string;
  ResourceProperties: {
    ClusterArn: string;
    TaskDefinitionArn: string;
    Subnets: string[];
    SecurityGroups: string[];
    LogGroup?: string;
  };
  TaskArn?: string;
}

export interface RunContext {
  invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

export type Handler = (event: RunEvent, context: RunContext) => Promise<void>;

export function runner(means: Means): Handler;
export const handler: Handler;
