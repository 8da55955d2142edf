import {
  BadInputError,
  type ChangeSet,
  type ChangeSetRequest,
  type DeploymentAccount,
  NotFoundError,
  type ResourceChange,
  type RunningService,
  type StackDescription,
  type StackEvent,
  type StackResource,
  type Stacks,
  type Subnet,
} from '@lakewright/core';
import type { Engine, Progress } from '../src/index.ts';
import { templateFacts } from '../src/index.ts';

/** A stack of the fake. */
export interface FakeStack {
  id: string;
  name: string;
  status: string;
  statusReason?: string;
  parameters: Record<string, string>;
  outputs: Record<string, string>;
  tags: Record<string, string>;
  body: string;
  resources: StackResource[];
  events: StackEvent[];
  terminationProtected?: boolean;
  changedAtMs?: number;
  drift?: { status: string; checkedAtMs: number | undefined };
}

/** Where an execution ends, when it is not at its end. */
export interface Ending {
  readonly status: string;
  readonly events?: readonly (Pick<StackEvent, 'logicalId' | 'status'> & Partial<StackEvent>)[];
}

/**
 * An account in memory that does at once what it is asked, or as a test says: for states that no emulator makes. Time
 * passes only while the engine pauses; then what is in progress comes to its end.
 */
export class FakeCloud {
  readonly stacks = new Map<string, FakeStack>();
  readonly gone = new Map<string, FakeStack>();
  readonly sets = new Map<string, { set: ChangeSet; request: ChangeSetRequest }>();
  /** What was asked of it, in order: `create lakerunner-vpc`. */
  readonly calls: string[] = [];
  readonly progress: Progress[] = [];
  readonly services = new Map<string, RunningService>();
  readonly buckets = new Map<string, string[]>();
  subnets: Subnet[] = [];
  /** What a stack's outputs are when it is made. */
  outputs: Record<string, Record<string, string>> = {};
  /** The resource changes of the next change set of a stack; empty means none, and the set fails as AWS has it. */
  changes: Record<string, ResourceChange[]> = {};
  endings: Record<string, Ending> = {};
  /** Called in each pause, after the time went on. */
  onPause: () => void = () => undefined;
  readonly abort = new AbortController();
  #now = Date.UTC(2026, 10, 21);
  #count = 0;

  engine(): Engine {
    return {
      stacks: this.#stacks(),
      account: this.#account(),
      signal: this.abort.signal,
      now: () => this.#now,
      pause: async (ms) => {
        this.#now += ms;
        this.#settle();
        this.onPause();
      },
      report: (progress) => void this.progress.push(progress),
    };
  }

  /** A stack that is there, ours unless `tags` say otherwise. */
  put(name: string, status: string, more: Partial<FakeStack> = {}): FakeStack {
    const id = `arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/${++this.#count}`;
    const tags = { 'lakewright:system': 'lakerunner', 'lakewright:env': 'lakerunner' };
    const stack = {
      id,
      name,
      status,
      parameters: {},
      outputs: {},
      tags,
      body: '',
      resources: [],
      events: [],
      ...more,
    };
    this.stacks.set(name, stack);
    return stack;
  }

  event(stack: FakeStack, logicalId: string, status: string, more: Partial<StackEvent> = {}): void {
    stack.events.push({
      id: `event-${++this.#count}`,
      stackId: stack.id,
      stackName: stack.name,
      logicalId,
      physicalId: logicalId === stack.name ? stack.id : undefined,
      type: logicalId === stack.name ? 'AWS::CloudFormation::Stack' : 'AWS::Some::Thing',
      status,
      reason: undefined,
      atMs: this.#now,
      ...more,
    });
  }

  told(stack: string): string[] {
    return this.progress.flatMap((said) =>
      said.kind === 'stack' && said.stack === stack ? [said.text] : [],
    );
  }

  #find(nameOrId: string): FakeStack | undefined {
    return (
      this.stacks.get(nameOrId) ??
      [...this.stacks.values()].find(({ id }) => id === nameOrId) ??
      this.gone.get(nameOrId)
    );
  }

  #there(nameOrId: string): FakeStack {
    const stack = this.#find(nameOrId);
    if (stack === undefined) throw new NotFoundError(`no ${nameOrId}`);
    return stack;
  }

  #own(stack: FakeStack, status: string): void {
    stack.status = status;
    this.event(stack, stack.name, status);
  }

  /** What is in progress ends. */
  #settle(): void {
    for (const stack of [...this.stacks.values()]) {
      const { status, name } = stack;
      if (!status.endsWith('_IN_PROGRESS') || status === 'REVIEW_IN_PROGRESS') continue;
      const ending = this.endings[name];
      delete this.endings[name];
      for (const { logicalId, status: to, ...more } of ending?.events ?? [])
        this.event(stack, logicalId, to, more);
      this.#own(
        stack,
        ending?.status ?? status.replace('_COMPLETE_CLEANUP', '').replace('_IN_PROGRESS', '_COMPLETE'),
      );
      if (stack.status === 'CREATE_COMPLETE') stack.outputs = this.outputs[name] ?? {};
      if (stack.status === 'DELETE_COMPLETE') {
        this.stacks.delete(name);
        this.gone.set(stack.id, stack);
      }
    }
  }

  #stacks(): Stacks {
    return {
      describe: async (name) => describe(this.#find(name)),
      deleted: async (names) =>
        [...this.gone.values()]
          .filter(({ name }) => names.includes(name))
          .map(({ name, id }) => ({ name, id })),
      resources: async (name) => this.#there(name).resources,
      events: async (name, after) => {
        const { events } = this.#there(name);
        return events.slice(events.findIndex(({ id }) => id === after) + 1);
      },
      template: async (name) => this.#there(name).body,
      createChangeSet: async (request) => this.#createChangeSet(request),
      changeSet: async (id) => {
        const found = this.sets.get(id);
        if (found === undefined) throw new NotFoundError(`no ${id}`);
        return found.set;
      },
      changeSetNames: async (name) =>
        [...this.sets.values()].flatMap(({ set, request }) =>
          set.stackId === this.#there(name).id ? [request.name] : [],
        ),
      executeChangeSet: async (id) => {
        const { set, request } = this.sets.get(id) as { set: ChangeSet; request: ChangeSetRequest };
        this.calls.push(`execute ${request.kind} ${request.stack}`);
        const stack = this.#there(set.stackId);
        Object.assign(stack.parameters, valuesOf(request, stack));
        if (request.tags !== undefined) stack.tags = { ...request.tags };
        if (request.template !== 'previous' && 'body' in request.template) stack.body = request.template.body;
        this.#own(stack, `${request.kind}_IN_PROGRESS`);
      },
      deleteChangeSet: async (id) => {
        this.calls.push(`delete set of ${this.sets.get(id)?.request.stack}`);
        this.sets.delete(id);
      },
      delete: async (name) => {
        const stack = this.#find(name);
        if (stack === undefined) return;
        this.calls.push(`delete ${stack.name}`);
        this.#own(stack, 'DELETE_IN_PROGRESS');
      },
      detectDrift: async (name) => {
        this.calls.push(`detect drift of ${name.split('/')[1] ?? name}`);
        return name;
      },
      driftDetection: async (name) => {
        const stack = this.#there(name);
        const modified = stack.resources.some(({ drift }) => drift === 'MODIFIED');
        stack.drift = { status: modified ? 'DRIFTED' : 'IN_SYNC', checkedAtMs: this.#now };
        return { status: 'DETECTION_COMPLETE', reason: undefined };
      },
    };
  }

  #createChangeSet(request: ChangeSetRequest): string {
    this.calls.push(`make ${request.kind} set of ${request.stack}`);
    const standing = this.stacks.get(request.stack);
    if (request.kind === 'CREATE' && standing !== undefined)
      throw new BadInputError(`${request.stack} already exists`);
    const stack = standing ?? this.put(request.stack, 'REVIEW_IN_PROGRESS', { tags: {} });
    const changes =
      this.changes[request.stack] ?? (request.kind === 'CREATE' ? added(request) : differing(request, stack));
    const isEmpty = request.kind === 'UPDATE' && changes.length === 0;
    const id = `set-${++this.#count}`;
    const set: ChangeSet = {
      id,
      stackId: stack.id,
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      reason: isEmpty ? "The submitted information didn't contain changes." : undefined,
      changes,
    };
    this.sets.set(id, { set, request });
    return id;
  }

  #account(): DeploymentAccount {
    return {
      identity: async () => ({
        account: '123456789012',
        region: 'us-east-1',
        arn: 'arn:aws:iam::123456789012:user/a',
      }),
      subnets: async () => this.subnets,
      services: async (arns) => arns.flatMap((arn) => this.services.get(arn) ?? []),
      stopService: async (arn) => {
        this.calls.push(`stop ${arn}`);
        const service = this.services.get(arn) as RunningService;
        this.services.set(arn, { ...service, desired: 0, running: 0 });
      },
      bucketExists: async (bucket) => this.buckets.has(bucket),
      deleteBucket: async (bucket) => {
        this.calls.push(`delete s3://${bucket}`);
        this.buckets.delete(bucket);
      },
    };
  }
}

function describe(stack: FakeStack | undefined): StackDescription | undefined {
  if (stack === undefined) return undefined;
  const { id, name, status, statusReason, outputs, tags, drift } = stack;
  const parameters = Object.fromEntries(
    Object.entries(stack.parameters).map(([key, value]) => [key, isHidden(stack, key) ? '****' : value]),
  );
  return {
    id,
    name,
    status,
    statusReason,
    parameters,
    outputs,
    tags,
    changedAtMs: stack.changedAtMs ?? 0,
    drift,
    terminationProtected: stack.terminationProtected === true,
  };
}

function isHidden({ body }: FakeStack, name: string): boolean {
  return (
    body !== '' && templateFacts('x', body).parameters.some((known) => known.name === name && known.noEcho)
  );
}

function valuesOf(request: ChangeSetRequest, stack: FakeStack): Record<string, string> {
  const declared =
    request.template !== 'previous' && 'body' in request.template ? request.template.body : stack.body;
  const fallbacks = templateFacts('x', declared).parameters.flatMap(({ name, default: fallback }) =>
    fallback === undefined ? [] : [[name, fallback]],
  );
  const sent = request.parameters.map((parameter) => [
    parameter.name,
    'previous' in parameter ? stack.parameters[parameter.name] : parameter.value,
  ]);
  return Object.fromEntries([...fallbacks, ...sent]);
}

function added(request: ChangeSetRequest): ResourceChange[] {
  const body = request.template !== 'previous' && 'body' in request.template ? request.template.body : '';
  return templateFacts('x', body).resources.map(({ logicalId, type }) => change('Add', logicalId, type));
}

/** One change where the template or a value differs. */
function differing(request: ChangeSetRequest, stack: FakeStack): ResourceChange[] {
  const body =
    request.template !== 'previous' && 'body' in request.template ? request.template.body : stack.body;
  const same =
    body === stack.body &&
    JSON.stringify(sorted(valuesOf(request, stack))) === JSON.stringify(sorted(stack.parameters));
  return same ? [] : [change('Modify', 'Thing', 'AWS::Some::Thing')];
}

function sorted(values: Record<string, string>): [string, string][] {
  return Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
}

export function change(
  action: string,
  logicalId: string,
  type: string,
  more: Partial<ResourceChange> = {},
): ResourceChange {
  return { action, logicalId, type, physicalId: undefined, replacement: undefined, properties: [], ...more };
}
