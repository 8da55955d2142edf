/*
 * Custom::RunEcsTask: runs one task to its end, and tells CloudFormation how it ended. A task that outlives an
 * invocation is watched by the next one, which this one asks for.
 */
'use strict';

const MINUTE = 60_000;
const POLL_MS = 6_000;
/** CloudFormation waits an hour for an answer: the task is stopped before that. */
const LIMIT_MS = 55 * MINUTE;
/** With less than that left the next invocation takes over. */
const HANDOVER_MS = MINUTE;
/** A role that was made a moment ago may not be known everywhere yet, and Fargate may be short of machines. */
const START_ATTEMPTS = 5;
/** ECS may not know a task yet that it has just started, and may not answer for a while. */
const MAX_LOOKS_IN_VAIN = 10;
const ANSWER_ATTEMPTS = 5;
/** CloudFormation takes an answer of 4096 bytes. */
const MAX_REASON = 1000;

const FARGATE = { launchType: 'FARGATE', platformVersion: 'LATEST', count: 1 };

/** The handler over `ecs` and `lambda`, which are clients of the SDK. */
exports.runner = ({ ecs, lambda, sleep, now, log }) => {
  async function start({ RequestId, ResourceProperties: wanted }) {
    const { tasks = [], failures = [] } = await ecs.runTask({
      ...FARGATE,
      // Lambda may invoke twice for one request: ECS starts one task for it.
      clientToken: RequestId,
      cluster: wanted.ClusterArn,
      taskDefinition: wanted.TaskDefinitionArn,
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: wanted.Subnets,
          securityGroups: wanted.SecurityGroups,
          assignPublicIp: 'DISABLED',
        },
      },
    });
    if (tasks.length === 0) throw new Error(`ECS started no task: ${reasons(failures)}`);
    return tasks[0].taskArn;
  }

  async function startAtLast(event) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await start(event);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await sleep(POLL_MS);
      }
    }
  }

  async function look(cluster, taskArn) {
    const { tasks = [], failures = [] } = await ecs.describeTasks({ cluster, tasks: [taskArn] });
    if (tasks.length === 0) throw new Error(`ECS does not know ${taskArn}: ${reasons(failures)}`);
    return tasks[0];
  }

  /** Whether the task has ended well; undefined when the next invocation goes on with it. */
  async function watch(cluster, taskArn, context) {
    let inVain = 0;
    for (;;) {
      const task = await look(cluster, taskArn).catch((error) => {
        inVain += 1;
        if (inVain === MAX_LOOKS_IN_VAIN) throw error;
        return undefined;
      });
      if (task !== undefined) {
        inVain = 0;
        if (task.lastStatus === 'STOPPED') return check(task);
        if (now() > new Date(task.createdAt).getTime() + LIMIT_MS) {
          throw new Error(`${taskArn} did not end within ${LIMIT_MS / MINUTE} minutes and was stopped`);
        }
      }
      if (context.getRemainingTimeInMillis() < HANDOVER_MS) return undefined;
      await sleep(POLL_MS);
    }
  }

  /** Runs the task, or goes on with it. Resolves with it when it ended well, and with nothing when it goes on. */
  async function run(event, context) {
    const cluster = event.ResourceProperties.ClusterArn;
    const taskArn = event.TaskArn ?? (await startAtLast(event));
    try {
      if (await watch(cluster, taskArn, context)) return taskArn;
      await lambda.invoke({
        FunctionName: context.invokedFunctionArn,
        InvocationType: 'Event',
        Payload: JSON.stringify({ ...event, TaskArn: taskArn }),
      });
      return undefined;
    } catch (error) {
      // Nobody watches it any more. One that has ended is not hurt.
      await ecs.stopTask({ cluster, task: taskArn, reason: 'given up by CloudFormation' }).catch(() => {});
      throw error;
    }
  }

  async function answer(event, body) {
    const text = Buffer.from(
      JSON.stringify({
        StackId: event.StackId,
        RequestId: event.RequestId,
        LogicalResourceId: event.LogicalResourceId,
        PhysicalResourceId: event.PhysicalResourceId ?? event.LogicalResourceId,
        ...body,
      }),
    );
    for (let attempt = 1; ; attempt += 1) {
      try {
        // The signature of the URL covers an empty content type.
        const response = await fetch(event.ResponseURL, {
          method: 'PUT',
          headers: { 'content-type': '' },
          body: text,
        });
        if (response.ok) return;
        throw new Error(`S3 answered ${response.status}`);
      } catch (error) {
        // The message may hold the URL, which whoever reads the log could then use.
        if (attempt === ANSWER_ATTEMPTS)
          throw new Error('CloudFormation was not reached', { cause: error.name });
        await sleep(attempt * 1000);
      }
    }
  }

  return async (event, context) => {
    const { RequestType, LogicalResourceId, TaskArn } = event;
    const note = (more) => log(JSON.stringify({ RequestType, LogicalResourceId, TaskArn, ...more }));
    note({ state: TaskArn === undefined ? 'begins' : 'goes on' });
    let body;
    try {
      // What the task has done stays done.
      const task = RequestType === 'Delete' ? 'none' : await run(event, context);
      if (task === undefined) {
        note({ state: 'handed over' });
        return;
      }
      body = { Status: 'SUCCESS', Data: { TaskArn: task } };
    } catch (error) {
      const { LogGroup } = event.ResourceProperties ?? {};
      const where = LogGroup === undefined ? '' : ` (its log: ${LogGroup})`;
      body = { Status: 'FAILED', Reason: `${error.message.slice(0, MAX_REASON)}${where}` };
    }
    note({ state: body.Status, reason: body.Reason });
    await answer(event, body);
  };
};

function reasons(failures) {
  return (
    failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(' ')).join('; ') || 'no reason'
  );
}

/** True, or an Error that says which container of the stopped task ended how. */
function check({ containers = [], stoppedReason = 'no reason' }) {
  const bad = containers.filter(({ exitCode }) => exitCode !== 0);
  if (containers.length > 0 && bad.length === 0) return true;
  const ends = bad.map(({ name, exitCode, reason }) =>
    exitCode === undefined
      ? `${name} did not run: ${reason ?? stoppedReason}`
      : `${name} ended with ${exitCode}${reason === undefined ? '' : `: ${reason}`}`,
  );
  throw new Error(ends.join('; ') || `the task had no containers: ${stoppedReason}`);
}

let handler;
exports.handler = (event, context) => {
  if (handler === undefined) {
    const { ECS } = require('@aws-sdk/client-ecs');
    const { Lambda } = require('@aws-sdk/client-lambda');
    handler = exports.runner({
      ecs: new ECS(),
      lambda: new Lambda(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      now: Date.now,
      log: console.log,
    });
  }
  return handler(event, context);
};
