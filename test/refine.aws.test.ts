import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withDirectory } from './support/lake-process.ts';
import { BUCKET, QUEUE, RefineOnAws, type SqsMessage, type Worker } from './support/refine-on-aws.ts';
import { capture, NODE, REPOSITORY } from './support/runtime.ts';
import { waitFor } from './support/wait.ts';

let workers: Worker[] = [];
beforeEach(() => {
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
});

async function withAws(
  options: { handler?: string; visibilitySeconds?: number; maxReceives?: number },
  work: (on: RefineOnAws, directory: string) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const on = await RefineOnAws.start(directory, { visibilitySeconds: 30, maxReceives: 5, ...options });
    try {
      await work(on, directory);
    } finally {
      await on.moto.stop();
    }
  });
}

function startWorker(on: RefineOnAws): Worker {
  const worker = on.work();
  workers.push(worker);
  return worker;
}

describe('lakewright refine on AWS', () => {
  it('pushes, serves and polls as on one machine', async () => {
    await withAws({}, async (on, directory) => {
      const worker = startWorker(on);
      const file = join(directory, 'helloworld.txt');
      await writeFile(file, 'hello world\n');
      expect(await on.refine('push', file)).toMatchObject({
        code: 0,
        stdout: 'RefinerInput/helloworld.txt (12 B)\n',
      });
      const { code, stdout } = await on.refine('poll', '--once');
      expect(code).toBe(0);
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toEqual([
        'RefinerComplete/helloworld.txt.json',
        expect.stringMatching(/^ {2}RefinerOutput\/[0-9a-f-]{36}\.txt$/),
        'hello world',
        expect.stringMatching(/^ {2}RefinerOutput\/[0-9a-f-]{36}\.txt$/),
        'hello world',
      ]);
      const text = await on.download();
      expect(JSON.parse(await text(lines[0]))).toEqual([lines[1].trim(), lines[3].trim()]);
      expect(await on.refine('e2e')).toMatchObject({ code: 0 });
      expect((await on.keys('')).filter((key) => key.includes('e2e'))).toEqual([]);
      expect(worker.log).not.toContain('hello world');
      expect(await worker.end('SIGTERM')).toBe(0);
    });
  });

  it('completes every object once, though each is announced three times and workers are killed', async () => {
    const objects = 200;
    await withAws({ visibilitySeconds: 2, maxReceives: 1000 }, async (on, directory) => {
      const root = join(directory, 'in');
      for (let i = 0; i < objects; i++) {
        await mkdir(join(root, `folder-${i}`), { recursive: true });
        await writeFile(join(root, `folder-${i}`, 'report.txt'), `object ${i}\n`);
      }
      await on.aws('s3', 'sync', root, `s3://${BUCKET}/RefinerInput/`, '--only-show-errors');
      const bodies: string[] = [];
      for (let some = await on.receive(); some.length > 0; some = await on.receive()) {
        bodies.push(...some.map(({ Body }) => Body));
        if (bodies.length >= objects) break;
      }
      await on.send([...bodies, ...bodies]);
      for (let kill = 0; kill < 4; kill++) {
        const pair = [startWorker(on), startWorker(on)];
        // Killed in the midst of things: some moments after they began.
        await waitFor('the workers to begin', () => pair.every(({ log }) => log.includes('serving')));
        const until = performance.now() + Math.random() * 1500;
        await waitFor('that moment', () => performance.now() > until);
        await Promise.all(pair.map((worker) => worker.end('SIGKILL')));
      }
      startWorker(on);
      await waitFor(
        'the queue to be empty',
        async () => {
          const { waiting, inFlight, dead } = await on.counts();
          return waiting + inFlight + dead === 0;
        },
        240_000,
      );
      const completions = await on.keys('RefinerComplete/');
      expect(completions).toHaveLength(objects);
      const text = await on.download();
      const named: string[] = [];
      for (let i = 0; i < objects; i++) {
        const outputs = JSON.parse(await text(`RefinerComplete/folder-${i}/report.txt.json`)) as string[];
        expect(outputs).toHaveLength(2);
        for (const output of outputs) expect(await text(output)).toBe(`object ${i}\n`);
        named.push(...outputs);
      }
      expect(named.sort()).toEqual((await on.keys('RefinerOutput/')).sort());
    });
  });

  it('buries what cannot be refined and redrives it', async () => {
    await withAws({ handler: './picky.ts', maxReceives: 2 }, async (on, directory) => {
      await writeFile(
        join(directory, 'picky.ts'),
        `import { existsSync } from 'node:fs';
         export default async ({ key, body }, put) => {
           if (key.endsWith('bad.txt') && !existsSync(${JSON.stringify(join(directory, 'mended'))})) throw new Error('Jane Roe');
           return [await put({ body })];
         };`,
      );
      const file = join(directory, 'a.txt');
      await writeFile(file, 'Jane Roe');
      for (const key of ['1.txt', 'bad.txt', '2.txt']) await on.refine('push', file, '--key', key);
      const worker = startWorker(on);
      await waitFor('the dead letter', async () => (await on.counts()).dead === 1, 60_000);
      expect(await on.keys('RefinerComplete/')).toEqual([
        'RefinerComplete/1.txt.json',
        'RefinerComplete/2.txt.json',
      ]);
      expect((await on.refine('ls')).stdout).toMatch(/^RefinerInput\/bad.txt +Refiner/m);
      await writeFile(join(directory, 'mended'), '');
      expect(await on.refine('redrive')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^1 dead letter/),
      });
      await waitFor(
        'the third completion',
        async () => (await on.keys('RefinerComplete/')).length === 3,
        60_000,
      );
      expect(worker.log).not.toContain('Jane');
    });
  });

  it('runs as the Lambda function, whose bundle sees its events', async () => {
    await withAws({}, async (on, directory) => {
      await on.aws('s3api', 'put-object', '--bucket', BUCKET, '--key', 'RefinerInput/folder/');
      const file = join(directory, 'é b+c.txt');
      await writeFile(file, 'hello');
      await on.refine('push', file);
      const messages = await waitFor('two messages', async () => {
        messagesSoFar.push(...(await on.receive()));
        return messagesSoFar.length === 2 && messagesSoFar;
      });
      const answer = await invoke(on, directory, [
        ...messages,
        { ...messages[0], MessageId: 'bad', Body: '{}' },
      ]);
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }] });
      expect(await on.keys('RefinerComplete/')).toEqual(['RefinerComplete/é b+c.txt.json']);
      expect(await on.keys('RefinerOutput/')).toHaveLength(2);
    });
  });

  it('never goes back to an earlier version of an object', async () => {
    await withAws({}, async (on, directory) => {
      const file = join(directory, 'a.txt');
      const versions: SqsMessage[] = [];
      for (const text of ['first', 'second']) {
        await writeFile(file, text);
        await on.refine('push', file);
        versions.push(
          ...(await waitFor('its message', async () => {
            const received = await on.receive();
            return received.length > 0 && received;
          })),
        );
      }
      // The emulator gives every event one sequencer.
      const [first, second] = versions.map((message, i) => {
        const event = JSON.parse(message.Body) as { detail: { object: { sequencer: string } } };
        event.detail.object.sequencer = `0055AED6DCD90281E${i}`;
        return { ...message, Body: JSON.stringify(event) };
      });
      await invoke(on, directory, [second]);
      await invoke(on, directory, [first]);
      const text = await on.download();
      const outputs = JSON.parse(await text('RefinerComplete/a.txt.json')) as string[];
      expect(await Promise.all(outputs.map(text))).toEqual(['second', 'second']);
      expect(await on.keys('RefinerOutput/')).toHaveLength(2);
    });
  });
});

const messagesSoFar: SqsMessage[] = [];

/** Calls the bundle of the image as Lambda does. */
async function invoke(on: RefineOnAws, directory: string, messages: readonly SqsMessage[]): Promise<unknown> {
  const out = join(directory, 'image');
  const event = {
    Records: messages.map(({ MessageId, ReceiptHandle, Body }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: { ApproximateReceiveCount: '1' },
    })),
  };
  const script = `import { writeFileSync } from 'node:fs';
    import { handler } from ${JSON.stringify(join(out, 'index.mjs'))};
    const answer = await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 60000 });
    writeFileSync(${JSON.stringify(join(out, 'answer.json'))}, JSON.stringify(answer));`;
  await node([join(REPOSITORY, 'packages/refine/image/bundle.ts'), '--out', out]);
  const queueUrl = `${on.moto.url}/123456789012/${QUEUE}`;
  await node(['--input-type=module', '-e', script], {
    ...on.moto.env,
    REFINER_BUCKET: BUCKET,
    REFINER_QUEUE_URL: queueUrl,
  });
  return JSON.parse(await readFile(join(out, 'answer.json'), 'utf8'));
}

async function node(args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(NODE, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = capture(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${args[0]}: ${output.stderr}`);
}
