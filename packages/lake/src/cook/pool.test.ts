import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../otlp/test/otlp-proto.ts';
import { BadObjectError } from '../errors.ts';
import type { CookJob } from '../types.ts';
import { cook, createThreadCooker } from './index.ts';

function job(names: readonly string[], bytes: Uint8Array): CookJob {
  return {
    organization: DEFAULT_ORGANIZATION,
    signal: 'logs',
    inputs: names.map((name) => ({
      object: {
        id: 1n,
        organization: DEFAULT_ORGANIZATION,
        collector: 'default',
        signal: 'logs',
        key: `otel-raw/${DEFAULT_ORGANIZATION}/default/logs_${name}.binpb`,
        etag: name,
        size: bytes.length,
        arrivedNs: 1_700_000_000_000_000_000n,
      },
      bytes,
    })),
  };
}

const logs = (count: number) =>
  encodeRequest('logs', {
    resource_logs: [
      {
        scope_logs: [
          { log_records: Array.from({ length: count }, (_, i) => ({ event_name: `event ${i}` })) },
        ],
      },
    ],
  });

describe('createThreadCooker', () => {
  it('gives what cooking on the spot gives, for many jobs at once', async () => {
    const cooker = createThreadCooker({ workers: 2 });
    try {
      const jobs = Array.from({ length: 12 }, (_, i) => job([`${i}`, `${i}b`], logs(i + 1)));
      const results = await Promise.all(jobs.map((each) => cooker.cook(each)));
      expect(results).toEqual(jobs.map((each) => cook(each)));
    } finally {
      await cooker.close();
    }
  });

  it('names the object that cannot be read and goes on', async () => {
    const cooker = createThreadCooker({ workers: 1 });
    try {
      const failure = await cooker.cook(job(['bad'], Uint8Array.of(10, 99))).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadObjectError);
      expect((failure as BadObjectError).key).toContain('logs_bad');
      expect((await cooker.cook(job(['good'], logs(3)))).inputs[0].records).toBe(3);
    } finally {
      await cooker.close();
    }
  });

  // V8 ends a thread at its heap's limit as well as it can; rarely the process dies with it. Then the object
  // counts one attempt more, and is a dead letter after five.
  it('survives a thread that runs out of memory: its object is named, the next job is done', {
    retry: 2,
  }, async () => {
    const script = fileURLToPath(new URL('../../test/exhaust-thread.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(JSON.parse(stdout)).toEqual({
      large: expect.stringMatching(/^BadObjectError: the thread that read it died/),
      small: '1 records',
    });
  });

  it('refuses work after it was closed', async () => {
    const cooker = createThreadCooker({ workers: 1 });
    await cooker.close();
    await expect(cooker.cook(job(['late'], logs(1)))).rejects.toThrow('closed');
  });
});
