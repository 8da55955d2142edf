import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type Found, type Means, type RunEvent, runner, type Task } from './index.cjs';

const ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/lake/0123456789abcdef';
const FUNCTION = 'arn:aws:lambda:eu-west-1:123456789012:function:runner';
const MINUTE = 60_000;
const CREATED = Date.UTC(2026, 0, 1);

const running: Task = { taskArn: ARN, lastStatus: 'RUNNING', createdAt: new Date(CREATED), containers: [] };
const stopped = (...containers: Task['containers'] & object): Task => ({
  ...running,
  lastStatus: 'STOPPED',
  stoppedReason: 'Essential container in task exited',
  containers,
});
const done = stopped({ name: 'Setup', exitCode: 0 });

/** Where CloudFormation hears: a server like the S3 of a pre-signed URL, which wants no content type. */
class Ears {
  readonly heard: Record<string, unknown>[] = [];
  readonly methods: string[] = [];
  /** Statuses of the next answers, 200 afterwards. */
  statuses: number[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = request.headers['content-type'] ? 403 : (this.statuses.shift() ?? 200);
    this.methods.push(request.method ?? '');
    if (status === 200) this.heard.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    response.writeHead(status).end();
  });

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/answer?Signature=secret`;
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** An ECS that answers as it is told to, a clock that goes on while somebody sleeps, and what was asked of both. */
class World {
  readonly calls: [string, Record<string, unknown>][] = [];
  readonly logged: string[] = [];
  /** What starting brings, time for time; the last one again and again. */
  started: (Found | Error)[] = [{ tasks: [running] }];
  /** What is seen, look for look; the last one again and again. */
  seen: (Task | Found | Error)[] = [done];
  nowMs = CREATED;
  invokeFails = false;
  remainingMs = 15 * MINUTE;

  means(): Means {
    return {
      ecs: {
        runTask: (input) =>
          this.#answer(
            'runTask',
            input,
            (this.started.length > 1 ? this.started.shift() : this.started[0]) as Found,
          ),
        describeTasks: (input) => {
          const next = this.seen.length > 1 ? this.seen.shift() : this.seen[0];
          const found = next !== undefined && 'taskArn' in next ? { tasks: [next] } : next;
          return this.#answer('describeTasks', input, found as Found | Error);
        },
        stopTask: (input) => this.#answer('stopTask', input, {}),
      },
      lambda: {
        invoke: (input) => this.#answer('invoke', input, this.invokeFails ? new Error('throttled') : {}),
      },
      sleep: async (ms) => {
        this.nowMs += ms;
        this.remainingMs -= ms;
      },
      now: () => this.nowMs,
      log: (line) => this.logged.push(line),
    };
  }

  async #answer<T>(name: string, input: object, found: T | Error): Promise<T> {
    this.calls.push([name, { ...input }]);
    if (found instanceof Error) throw found;
    return found;
  }

  named(name: string): Record<string, unknown>[] {
    return this.calls.filter(([called]) => called === name).map(([, input]) => input);
  }
}

let ears: Ears;
let world: World;

beforeEach(async () => {
  ears = new Ears();
  world = new World();
  await ears.open();
});
afterEach(() => ears.close());

function event(more: Partial<RunEvent> = {}): RunEvent {
  return {
    RequestType: 'Create',
    ResponseURL: ears.url,
    StackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/setup/1',
    RequestId: '5d478078-13e9-baf0-464a-7ef285ecc786',
    LogicalResourceId: 'RunSetup',
    ResourceProperties: {
      ClusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/lake',
      TaskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/setup:7',
      Subnets: ['subnet-1', 'subnet-2'],
      SecurityGroups: ['sg-1'],
      LogGroup: '/ecs/setup',
    },
    ...more,
  };
}

const handle = (of: RunEvent) =>
  runner(world.means())(of, {
    invokedFunctionArn: FUNCTION,
    getRemainingTimeInMillis: () => world.remainingMs,
  });

describe('the runner', () => {
  it('runs the task in private subnets and answers when it has ended well', async () => {
    world.seen = [running, running, done];
    await handle(event());
    expect(world.named('runTask')).toEqual([
      {
        launchType: 'FARGATE',
        platformVersion: 'LATEST',
        count: 1,
        clientToken: event().RequestId,
        cluster: event().ResourceProperties.ClusterArn,
        taskDefinition: event().ResourceProperties.TaskDefinitionArn,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: ['subnet-1', 'subnet-2'],
            securityGroups: ['sg-1'],
            assignPublicIp: 'DISABLED',
          },
        },
      },
    ]);
    expect(ears.methods).toEqual(['PUT']);
    expect(ears.heard).toEqual([
      {
        Status: 'SUCCESS',
        StackId: event().StackId,
        RequestId: event().RequestId,
        LogicalResourceId: 'RunSetup',
        PhysicalResourceId: 'RunSetup',
        Data: { TaskArn: ARN },
      },
    ]);
    expect(world.named('stopTask')).toEqual([]);
  });

  it('keeps the id of the resource when it is updated', async () => {
    await handle(event({ RequestType: 'Update', PhysicalResourceId: 'RunEcsTask' }));
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'RunEcsTask' }]);
    expect(world.named('runTask')).toHaveLength(1);
  });

  it('runs nothing when the resource is deleted', async () => {
    await handle(event({ RequestType: 'Delete', PhysicalResourceId: 'RunSetup' }));
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'RunSetup' }]);
    expect(world.calls).toEqual([]);
  });

  test.each<[string, (of: World) => void, RegExp]>([
    [
      'ends with a code',
      (of) => {
        of.seen = [stopped({ name: 'Init', exitCode: 0 }, { name: 'Setup', exitCode: 3 })];
      },
      /^Setup ended with 3 \(its log: \/ecs\/setup\)$/,
    ],
    [
      'ends without a code',
      (of) => {
        of.seen = [stopped({ name: 'Setup', reason: 'CannotPullContainerError: no such image' })];
      },
      /^Setup did not run: CannotPullContainerError: no such image/,
    ],
    [
      'has no containers',
      (of) => {
        of.seen = [{ ...stopped(), stoppedReason: 'TaskFailedToStart' }];
      },
      /no containers: TaskFailedToStart/,
    ],
    [
      'is not started',
      (of) => {
        of.started = [{ tasks: [], failures: [{ reason: 'RESOURCE:CPU', detail: 'none left' }] }];
      },
      /started no task: RESOURCE:CPU none left/,
    ],
    [
      'is not started, for no reason',
      (of) => {
        of.started = [{}];
      },
      /started no task: no reason/,
    ],
    [
      'may not be started',
      (of) => {
        of.started = [new Error('AccessDeniedException: not authorized to perform: ecs:RunTask')];
      },
      /not authorized to perform: ecs:RunTask/,
    ],
    [
      'is nowhere',
      (of) => {
        of.seen = [{ failures: [{ reason: 'MISSING' }] }];
      },
      /does not know arn:aws:ecs:.*: MISSING/,
    ],
    [
      'has a very long reason',
      (of) => {
        of.started = [new Error('x'.repeat(10_000))];
      },
      /^x{1000} \(its log/,
    ],
  ])('says why when the task %s', async (_what, spoil, reason) => {
    spoil(world);
    await handle(event());
    expect(ears.heard).toMatchObject([{ Status: 'FAILED', PhysicalResourceId: 'RunSetup' }]);
    expect(ears.heard[0].Reason).toMatch(reason);
  });

  it('starts again what could not be started at once, as the same request', async () => {
    world.started = [
      new Error('AccessDeniedException'),
      { failures: [{ reason: 'Capacity is unavailable' }] },
      { tasks: [running] },
    ];
    await handle(event());
    expect(world.named('runTask').map(({ clientToken }) => clientToken)).toEqual(
      Array(3).fill(event().RequestId),
    );
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  it('looks again when ECS does not know the task yet, or does not answer', async () => {
    world.seen = [{ failures: [{ reason: 'MISSING' }] }, new Error('ThrottlingException'), running, done];
    await handle(event());
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  it('stops a task that it cannot watch any more', async () => {
    world.seen = [new Error('AccessDeniedException')];
    await handle(event());
    expect(ears.heard).toMatchObject([{ Status: 'FAILED' }]);
    expect(world.named('stopTask')).toMatchObject([{ task: ARN }]);
  });

  it('hands the task over before its own time is up, and says nothing to CloudFormation', async () => {
    world.seen = [running];
    await handle(event());
    expect(ears.heard).toEqual([]);
    expect(world.nowMs - CREATED).toBeGreaterThan(13 * MINUTE);
    expect(world.remainingMs).toBeGreaterThan(0);
    const [{ Payload, ...invoked }] = world.named('invoke');
    expect(invoked).toEqual({ FunctionName: FUNCTION, InvocationType: 'Event' });
    expect(JSON.parse(Payload as string)).toEqual({ ...event(), TaskArn: ARN });
  });

  it('goes on with a task that it was handed', async () => {
    world.seen = [running, done];
    await handle(event({ TaskArn: ARN }));
    expect(world.named('runTask')).toEqual([]);
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS', Data: { TaskArn: ARN } }]);
  });

  it('stops the task at the limit, over as many invocations as that takes', async () => {
    world.seen = [running];
    let next = event();
    let invocations = 0;
    while (ears.heard.length === 0) {
      invocations += 1;
      world.remainingMs = 15 * MINUTE;
      await handle(next);
      const handed = world.named('invoke').at(-1);
      if (handed !== undefined) next = JSON.parse(handed.Payload as string);
    }
    expect(invocations).toBe(4);
    expect(world.named('runTask')).toHaveLength(1);
    expect(world.named('stopTask')).toMatchObject([{ task: ARN }]);
    expect(ears.heard[0]).toMatchObject({ Status: 'FAILED' });
    expect(ears.heard[0].Reason).toMatch(/did not end within 55 minutes and was stopped/);
    expect(world.nowMs - CREATED).toBeLessThan(60 * MINUTE);
  });

  it('stops the task when it cannot be handed over', async () => {
    world.seen = [running];
    world.invokeFails = true;
    await handle(event());
    expect(ears.heard).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('throttled') }]);
    expect(world.named('stopTask')).toHaveLength(1);
  });

  it('answers also when the event makes no sense', async () => {
    await handle({ ...event(), ResourceProperties: undefined as never });
    expect(ears.heard).toMatchObject([{ Status: 'FAILED' }]);
  });

  it('answers again when S3 did not take it', async () => {
    ears.statuses = [503, 500];
    await handle(event());
    expect(ears.methods).toHaveLength(3);
    expect(ears.heard).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  it('fails when CloudFormation cannot be reached, so that Lambda tries again, and shows no URL', async () => {
    ears.statuses = [500, 500, 500, 500, 500];
    await expect(handle(event())).rejects.toThrow('CloudFormation was not reached');
    expect(world.logged.join('\n')).not.toContain('Signature');
  });

  it('logs neither the URL of the answer nor the rest of the event', async () => {
    world.seen = [stopped({ name: 'Setup', exitCode: 1 })];
    await handle(event());
    expect(world.logged.length).toBeGreaterThan(1);
    expect(world.logged.join('\n')).not.toContain('Signature');
    expect(world.logged.join('\n')).toContain('Setup ended with 1');
  });
});
