/** A bucket whose events reach a rule's queue by EventBridge, in the emulator, and workers that serve it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Moto, startMoto } from './moto.ts';
import { capture, type Finished, LAKEWRIGHT, lakewright, NODE } from './runtime.ts';

const run = promisify(execFile);

export const BUCKET = 'data-repository';
export const QUEUE = 'dibbs-ecr-RefinerInput';

const CONFIG = (handler: string) => `
refine:
  rules:
    - name: Refiner
      handler: ${handler}
`;

export interface SqsMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
}

/** One emulator with one rule, as the Terraform modules set it up, in few strokes. */
export class RefineOnAws {
  readonly moto: Moto;
  readonly directory: string;
  readonly #queueUrl: string;

  private constructor(moto: Moto, directory: string, queueUrl: string) {
    this.moto = moto;
    this.directory = directory;
    this.#queueUrl = queueUrl;
  }

  /** `visibilitySeconds` is how long a message of a killed worker stays hidden. */
  static async start(
    directory: string,
    options: { handler?: string; visibilitySeconds: number; maxReceives: number },
  ): Promise<RefineOnAws> {
    const moto = await startMoto();
    await writeFile(join(directory, 'lakewright.yaml'), CONFIG(options.handler ?? 'hello-world'));
    const aws = (...args: string[]) => awsCommand(moto, args);
    await aws('s3api', 'create-bucket', '--bucket', BUCKET);
    const versioning = ['--versioning-configuration', 'Status=Enabled'];
    await aws('s3api', 'put-bucket-versioning', '--bucket', BUCKET, ...versioning);
    const notification = ['--notification-configuration', '{"EventBridgeConfiguration":{}}'];
    await aws('s3api', 'put-bucket-notification-configuration', '--bucket', BUCKET, ...notification);
    await aws('sqs', 'create-queue', '--queue-name', `${QUEUE}-dlq`);
    const redrive = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${QUEUE}-dlq`,
      maxReceiveCount: options.maxReceives,
    });
    const attributes = { VisibilityTimeout: String(options.visibilitySeconds), RedrivePolicy: redrive };
    const created = await aws(
      'sqs',
      'create-queue',
      '--queue-name',
      QUEUE,
      '--attributes',
      JSON.stringify(attributes),
    );
    const pattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [BUCKET] }, object: { key: [{ prefix: 'RefinerInput/' }] } },
    };
    await aws('events', 'put-rule', '--name', 'refiner-input', '--event-pattern', JSON.stringify(pattern));
    const target = `Id=queue,Arn=arn:aws:sqs:us-east-1:123456789012:${QUEUE}`;
    await aws('events', 'put-targets', '--rule', 'refiner-input', '--targets', target);
    return new RefineOnAws(moto, directory, (created as { QueueUrl: string }).QueueUrl);
  }

  /** The `aws` command, its answer parsed. */
  aws(...args: string[]): Promise<unknown> {
    return awsCommand(this.moto, args);
  }

  /** `lakewright refine ...` with the aws profile. */
  refine(...args: string[]): Promise<Finished> {
    return lakewright(['refine', ...args], this.#env());
  }

  /** Starts `lakewright refine work`. */
  work(): Worker {
    const env = { ...process.env, ...this.#env() };
    return new Worker(
      spawn(NODE, [LAKEWRIGHT, 'refine', 'work'], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** Receives up to ten messages of the input queue. */
  async receive(): Promise<SqsMessage[]> {
    const answer = await this.aws(
      ...['sqs', 'receive-message', '--queue-url', this.#queueUrl, '--max-number-of-messages', '10'],
    );
    return (answer as { Messages?: SqsMessage[] } | undefined)?.Messages ?? [];
  }

  /** Sends copies of messages, as a queue that delivers more than once does. */
  async send(bodies: readonly string[]): Promise<void> {
    for (let from = 0; from < bodies.length; from += 10) {
      const entries = bodies.slice(from, from + 10).map((body, i) => ({ Id: String(i), MessageBody: body }));
      await this.aws(
        ...['sqs', 'send-message-batch', '--queue-url', this.#queueUrl, '--entries', JSON.stringify(entries)],
      );
    }
  }

  async keys(prefix: string): Promise<string[]> {
    const answer = await this.aws('s3api', 'list-objects-v2', '--bucket', BUCKET, '--prefix', prefix);
    const { Contents = [] } = (answer ?? {}) as { Contents?: { Key: string }[] };
    return Contents.map(({ Key }) => Key);
  }

  /** Copies the bucket with the `aws` command; answers how to read an object of the copy. */
  async download(): Promise<(key: string) => Promise<string>> {
    const copy = join(this.directory, 'copy');
    await awsCommand(this.moto, ['s3', 'sync', `s3://${BUCKET}`, copy, '--only-show-errors', '--delete']);
    return (key) => readFile(join(copy, key), 'utf8');
  }

  /** Messages that wait, that somebody has, and dead letters. */
  async counts(): Promise<{ waiting: number; inFlight: number; dead: number }> {
    const { stdout } = await this.refine('ls', '--json');
    return (JSON.parse(stdout) as { rules: { waiting: number; inFlight: number; dead: number }[] }).rules[0];
  }

  #env(): Record<string, string> {
    return {
      ...this.moto.env,
      LAKEWRIGHT_PROFILE: 'aws',
      LAKEWRIGHT_CONFIG: join(this.directory, 'lakewright.yaml'),
    };
  }
}

/** A running `lakewright refine work`. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #output: { stdout: string; stderr: string };

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#output = capture(child);
  }

  get log(): string {
    return this.#output.stderr;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    return this.#child.exitCode;
  }
}

async function awsCommand(moto: Moto, args: readonly string[]): Promise<unknown> {
  // The aws command of version 1 has an address of its own for SQS, whatever AWS_ENDPOINT_URL says.
  const { stdout } = await run('aws', [...args, '--endpoint-url', moto.url, '--output', 'json'], {
    env: { ...process.env, ...moto.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}
