import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { numberedRequest, type Sent } from './support/load.ts';
import { waitFor } from './support/wait.ts';

const QUESTIONS = [
  'select service_name, count(*) as n from logs group by 1 order by 1',
  'select * from logs order by time_unix_nano, body',
  'select * from traces order by time_unix_nano, span_name',
  'select * from gauge order by time_unix_nano, value',
];

describe('stop and start', () => {
  it('gives the same answers, and says so politely', async () => {
    await withDirectory(async (data) => {
      const first = await LakeProcess.start({ data });
      for (const signal of ['logs', 'traces', 'metrics'] as const) {
        const request: Sent = { id: signal, signal, records: 20, outcome: 'unknown' };
        expect((await first.post(signal, numberedRequest(request))).status).toBe(200);
      }
      const union =
        'select (select count(*) from logs) + (select count(*) from traces) + (select count(*) from gauge)';
      await waitFor('60 records', async () => (await first.count(union)) === 60);
      const before = await Promise.all(QUESTIONS.map((question) => first.rows(question)));
      expect(await first.stop()).toBe(0);

      const second = await LakeProcess.start({ data });
      const after = await Promise.all(QUESTIONS.map((question) => second.rows(question)));
      expect(after).toEqual(before);
      expect(await second.stop('SIGINT')).toBe(0);
    });
  });

  it('what was acknowledged just before the stop is there after the start', async () => {
    await withDirectory(async (data) => {
      const first = await LakeProcess.start({ data });
      const request: Sent = { id: 'last', signal: 'logs', records: 30, outcome: 'unknown' };
      expect((await first.post('logs', numberedRequest(request))).status).toBe(200);
      expect(await first.stop()).toBe(0);
      const second = await LakeProcess.start({ data });
      await waitFor('30 records', async () => (await second.count('select count(*) from logs')) === 30);
      expect(await second.stop()).toBe(0);
    });
  });

  it('refuses a data directory that is in use, and says by whom', async () => {
    await withDirectory(async (data) => {
      const first = await LakeProcess.start({ data });
      await expect(LakeProcess.start({ data })).rejects.toThrow(new RegExp(String(first.pid)));
      await first.stop();
    });
  });
});
