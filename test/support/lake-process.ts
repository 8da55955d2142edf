import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { capture, type Finished, LAKEWRIGHT, lakewright, NODE } from './runtime.ts';
import { waitFor } from './wait.ts';

export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell };
export type Row = { [column: string]: Cell };

export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Cell[])[];
  readonly stats: Readonly<Record<string, unknown>>;
}

export interface LakeOptions {
  readonly data: string;
  /** More arguments for `up`. */
  readonly args?: readonly string[];
  /** A command that runs the one that follows it. */
  readonly wrapper?: readonly string[];
  /** Variables for it, which may need to know where it listens for OTLP over HTTP. */
  readonly env?: (httpUrl: string) => Readonly<Record<string, string>>;
}

/** A running product: `lakewright up` in its own process, as a user starts it, on free ports. */
export class LakeProcess {
  readonly data: string;
  readonly httpUrl: string;
  readonly grpcUrl: string;
  readonly queryUrl: string;
  /** What `up --json` said when it was ready. */
  ready: Readonly<Record<string, unknown>> = {};
  readonly #child: ChildProcess;
  readonly #output: { stdout: string; stderr: string };

  private constructor(ports: readonly number[], options: LakeOptions) {
    const { data } = options;
    this.data = data;
    const [http, grpc, query] = ports;
    this.httpUrl = `http://127.0.0.1:${http}`;
    this.grpcUrl = `http://127.0.0.1:${grpc}`;
    this.queryUrl = `http://127.0.0.1:${query}`;
    const [command, ...args] = [...(options.wrapper ?? []), NODE, LAKEWRIGHT];
    args.push('up', '--json', '--data', data, '--otlp-http-port', String(http));
    args.push('--otlp-grpc-port', String(grpc), '--query-port', String(query), ...(options.args ?? []));
    const env = { ...process.env, ...options.env?.(this.httpUrl) };
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#output = capture(this.#child);
    RUNNING.add(this.#child);
    this.#child.on('close', () => RUNNING.delete(this.#child));
  }

  /** Starts `up` and returns when it says that it is ready. Fails with its output when it ends before. */
  static async start(options: LakeOptions): Promise<LakeProcess> {
    const lake = await LakeProcess.launch(options);
    await lake.#waitUntilReady();
    return lake;
  }

  /** Starts `up` and does not wait for it. */
  static async launch(options: LakeOptions): Promise<LakeProcess> {
    return new LakeProcess(await freePorts(3), options);
  }

  async #waitUntilReady(): Promise<void> {
    const child = this.#child;
    this.ready = await waitFor(
      '`lakewright up --json` to say that it is ready',
      () => {
        const line = /^\{.*\}$/m.exec(this.#output.stdout);
        if (line !== null) return JSON.parse(line[0]) as Record<string, unknown>;
        if (this.ended) return { failed: true };
        return undefined;
      },
      60_000,
    ).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    if (this.ready.failed === true) throw new Error(`lakewright up ended: ${this.log}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Everything it wrote. */
  get log(): string {
    return `${this.#output.stdout}${this.#output.stderr}`;
  }

  /** Asks it to end, as a user does with Ctrl-C or a service manager with SIGTERM; its exit code. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    return this.#end(signal);
  }

  /** kill -9: nothing of it runs on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.ended) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    return this.#child.exitCode;
  }

  /** POST /api/v1/sql. Fails with the server's words when it is not answered with rows. */
  async sql(
    query: string,
    options: { start?: string; end?: string; limit?: number } = {},
  ): Promise<SqlAnswer> {
    const response = await fetch(`${this.queryUrl}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, ...options }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${query}: ${response.status} ${text}`);
    return JSON.parse(text) as SqlAnswer;
  }

  /** The rows of a query as objects. */
  async rows(query: string, limit = 100_000): Promise<Row[]> {
    const { columns, rows } = await this.sql(query, { limit });
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
  }

  /** The one number that a query answers. */
  async count(query: string): Promise<number> {
    const { rows } = await this.sql(query);
    return Number(rows[0][0]);
  }

  /** GET of the query API, parsed. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.queryUrl}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Sends an OTLP request over HTTP. */
  post(signal: 'logs' | 'traces' | 'metrics', body: Uint8Array | string): Promise<Response> {
    return fetch(`${this.httpUrl}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': typeof body === 'string' ? 'application/json' : 'application/x-protobuf' },
      body: typeof body === 'string' ? body : Buffer.from(body),
    });
  }

  /** Runs a client command against this lake. */
  cli(...args: string[]): Promise<Finished> {
    return lakewright(args, { LAKEWRIGHT_URL: this.queryUrl });
  }

  /** Returns when no raw object waits or is being read. */
  async settled(timeoutMs = 30_000): Promise<void> {
    await waitFor(
      'ingest to have nothing to do',
      async () => {
        const { rawObjects } = await this.get<{ rawObjects: { pending: number; claimed: number } }>(
          '/api/v1/status',
        );
        return Number(rawObjects.pending) + Number(rawObjects.claimed) === 0;
      },
      timeoutMs,
    );
  }
}

const RUNNING = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of RUNNING) child.kill('SIGKILL');
});

/** Runs `work` with a new lake in a new directory; afterwards it is stopped and the directory removed. */
export async function withLake(work: (lake: LakeProcess) => Promise<void>): Promise<void> {
  await withDirectory(async (data) => {
    const lake = await LakeProcess.start({ data });
    try {
      await work(lake);
    } catch (error) {
      process.stderr.write(`${lake.log}\n`);
      throw error;
    } finally {
      await lake.stop();
    }
  });
}

/** Runs `work` with a new directory and removes it afterwards. */
export async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lakewright-test-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
