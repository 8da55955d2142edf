import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { capture, REPOSITORY } from './runtime.ts';
import { waitFor } from './wait.ts';

/** An AWS of one's own: moto_server in its own process, empty at first. */
export interface Moto {
  readonly url: string;
  /**
   * What the AWS SDK, the `aws` command and Terraform's provider need to speak to it and to nothing else: put
   * this over a child's environment. The credentials are made up.
   */
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

const RUNNING = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of RUNNING) child.kill('SIGKILL');
});

/**
 * Starts moto_server on a free port and returns when it answers. Fails with its output when it ends before. `settings`
 * are of its environment: MOTO_STACK_SECONDS for stacks as moto/mended_stacks.py has them.
 */
export async function startMoto(settings: Record<string, string> = {}): Promise<Moto> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'pipe',
    // Whole requests, and an end with this process: see sitecustomize.py there.
    env: {
      ...process.env,
      ...environment(url),
      ...settings,
      PYTHONPATH: join(REPOSITORY, 'test/support/moto'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  RUNNING.add(child);
  child.on('close', () => RUNNING.delete(child));
  const output = capture(child);
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const ended = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (ended()) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  await waitFor('moto_server to answer', async () => ended() || (await answers(url)), 60_000).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  if (ended()) throw new Error(`moto_server ended: ${output.stderr}`, { cause: failure });
  return { url, env: environment(url), stop };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/moto-api/data.json`);
  await response.body?.cancel();
  return response.ok;
}

function environment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_SESSION_TOKEN: 'testing',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    // Nothing of the person who runs the tests: no profile, no role, no proxy on the way to this machine. There
    // is no value of AWS_PROFILE that means none, so vitest.aws.config.ts removes it.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  };
}
