/** Deployments at an emulated AWS: the command in a process of its own, and the `aws` command as a second witness. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Moto, startMoto } from './moto.ts';
import { capture, type Finished, LAKEWRIGHT, lakewright, NODE } from './runtime.ts';

const run = promisify(execFile);

export class Deployments {
  readonly moto: Moto;
  readonly #scratch: string;

  private constructor(moto: Moto, scratch: string) {
    this.moto = moto;
    this.#scratch = scratch;
  }

  /** `secondsEach` is how long the emulator takes for each resource. */
  static async start(secondsEach: number): Promise<Deployments> {
    const scratch = await mkdtemp(join(tmpdir(), 'lakewright-deploy-'));
    const moto = await startMoto({
      MOTO_STACK_SECONDS: String(secondsEach),
      MOTO_FAILING_RESOURCE_FILE: join(scratch, 'failing'),
    });
    return new Deployments(moto, scratch);
  }

  /** From now on a resource of this logical id fails when it is made; an empty one ends it. */
  async fail(logicalId: string): Promise<void> {
    await writeFile(join(this.#scratch, 'failing'), logicalId);
  }

  lakewright(...args: string[]): Promise<Finished> {
    return lakewright(['aws', ...args], this.moto.env);
  }

  /** Its JSON on stdout. Fails with what it said when it did not end with `code`. */
  async json(code: number, ...args: string[]): Promise<Record<string, unknown>> {
    const done = await this.lakewright(...args, '--json');
    if (done.code !== code) throw new Error(`ended with ${done.code}: ${done.stdout}${done.stderr}`);
    return JSON.parse(done.stdout);
  }

  /** Runs the command against another address, and can be killed. */
  spawn(url: string, ...args: string[]): { child: ChildProcess; output: { stdout: string; stderr: string } } {
    const child = spawn(NODE, [LAKEWRIGHT, 'aws', ...args], {
      env: { ...process.env, ...this.moto.env, AWS_ENDPOINT_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, output: capture(child) };
  }

  /** What the `aws` command answers. */
  async aws(...args: string[]): Promise<Record<string, never>> {
    const { stdout } = await run('aws', [...args, '--output', 'json', '--endpoint-url', this.moto.url], {
      env: { ...process.env, ...this.moto.env },
    });
    return stdout.trim() === '' ? {} : JSON.parse(stdout);
  }

  /** What is in the account, by kind, with what the emulator has when it starts; one kind, or all that are known. */
  async inventory(only?: string): Promise<Record<string, string[]>> {
    const asked: [string, string[], string][] = [
      ['stacks', ['cloudformation', 'describe-stacks'], 'Stacks[].StackName'],
      ['buckets', ['s3api', 'list-buckets'], 'Buckets[].Name'],
      ['queues', ['sqs', 'list-queues'], 'QueueUrls'],
      ['clusters', ['ecs', 'list-clusters'], 'clusterArns'],
      ['databases', ['rds', 'describe-db-instances'], 'DBInstances[].DBInstanceIdentifier'],
      ['roles', ['iam', 'list-roles'], 'Roles[].RoleName'],
      ['balancers', ['elbv2', 'describe-load-balancers'], 'LoadBalancers[].LoadBalancerName'],
      ['target groups', ['elbv2', 'describe-target-groups'], 'TargetGroups[].TargetGroupName'],
      ['policies', ['iam', 'list-policies', '--scope', 'Local'], 'Policies[].PolicyName'],
      ['log groups', ['logs', 'describe-log-groups'], 'logGroups[].logGroupName'],
      ['parameters', ['ssm', 'describe-parameters'], 'Parameters[].Name'],
      ['secrets', ['secretsmanager', 'list-secrets'], 'SecretList[].ARN'],
      ['VPCs', ['ec2', 'describe-vpcs'], 'Vpcs[].VpcId'],
      ['security groups', ['ec2', 'describe-security-groups'], 'SecurityGroups[].GroupId'],
      ['file systems', ['efs', 'describe-file-systems'], 'FileSystems[].FileSystemId'],
    ];
    const found = asked
      .filter(([kind]) => only === undefined || kind === only)
      .map(async ([kind, args, query]) => {
        const names = (await this.aws(...args, '--query', query)) as unknown as string[] | null;
        return [kind, [...(names ?? [])].sort()];
      });
    return Object.fromEntries(await Promise.all(found));
  }

  async stop(): Promise<void> {
    await this.moto.stop();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

/** Where a process is killed: at the nth request of an action, before it is passed on or after it had its effect. */
export interface KillPoint {
  readonly action: string;
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** A server before moto that waits a little with every request, and calls `kill` at a point instead of answering. */
export async function killingProxy(
  motoUrl: string,
  delayMs: number,
): Promise<{ url: string; arm(point: KillPoint, kill: () => void): void; stop(): Promise<void> }> {
  let armed: { point: KillPoint; kill: () => void; seen: number } | undefined;
  const server = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing);
  });
  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const action = /Action=(\w+)/.exec(body.toString('latin1'))?.[1] ?? '';
    const isThere = armed !== undefined && armed.point.action === action && ++armed.seen === armed.point.nth;
    if (isThere && armed?.point.when === 'before') return armed.kill();
    const onward = request(new URL(incoming.url ?? '/', motoUrl), {
      method: incoming.method,
      headers: incoming.headers,
      agent: false,
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    const said = await buffer(answer);
    if (isThere) return armed?.kill();
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(said);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arm: (point, kill) => {
      armed = { point, kill, seen: 0 };
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
