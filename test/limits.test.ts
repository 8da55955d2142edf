import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../packages/otlp/test/otlp-proto.ts';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

/** Without keys everything belongs to this one. */
const ORGANIZATION = '12340000-0000-4000-8000-000000000000';

/** One point of each host's series. */
function metric(name: string, hosts: number): object {
  const data_points = Array.from({ length: hosts }, (_, i) => ({
    as_double: i,
    time_unix_nano: String(BigInt(Date.now()) * 1_000_000n),
    attributes: [{ key: 'host', value: { string_value: `host-${i}` } }],
  }));
  return { name, gauge: { data_points } };
}

const request = (...metrics: object[]) =>
  encodeRequest('metrics', { resource_metrics: [{ scope_metrics: [{ metrics }] }] });

const LOG = encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records: [{}] }] }] });

describe('limits of organizations', () => {
  it('guard against series, and are raised and thrown while the lake runs', async () => {
    await withDirectory(async (directory) => {
      const config = join(directory, 'lakewright.yaml');
      const say = (limits: string) =>
        writeFile(config, `limits: { organizations: { "${ORGANIZATION}": { ${limits} } } }\n`);
      await say('series_per_metric: 50');
      const lake = await LakeProcess.start({ data: join(directory, 'data'), args: ['--config', config] });
      try {
        const count = (name: string) =>
          lake.count(`select count(*) from gauge where metric_name = '${name}'`);
        expect((await lake.post('metrics', request(metric('wild', 60), metric('tame', 40)))).status).toBe(
          200,
        );

        // The points that were acknowledged stay; what comes after is left out, and the sender told.
        let taken = 0;
        const refused = await waitFor(
          'the guard',
          async () => {
            const response = await lake.post('metrics', request(metric('wild', 1), metric('tame', 1)));
            expect(response.status).toBe(200);
            const text = await response.text();
            if (text === '') taken++;
            return text === '' ? undefined : text;
          },
          60_000,
        );
        expect(refused).toMatch(/series_per_metric: metric "wild" has 60 series today, more than 50/);
        expect(refused).toContain(
          `limits.organizations.${ORGANIZATION}.series_per_metric of lakewright.yaml`,
        );
        await waitFor('every tame point', async () => (await count('tame')) === 40 + taken + 1, 60_000);
        expect(await count('wild')).toBe(60 + taken);
        expect(await (await fetch(`${lake.queryUrl}/metrics`)).text()).toMatch(
          /lakewright_ingest_refusals_total\{.*limit="series_per_metric"\} [1-9]/,
        );

        await say('series_per_metric: 100, query: off, reason: "it is paused: ask ops"');
        const asked = await waitFor('queries to be off', () =>
          lake.count('select 1').then(() => false, String),
        );
        expect(asked).toMatch(/403 .*SWITCHED_OFF.*it is paused: ask ops/);
        const raised = await lake.post('metrics', request(metric('wild', 1)));
        expect([raised.status, await raised.text()]).toEqual([200, '']);

        await say('ingest: off');
        await waitFor('ingest to be off', async () => (await lake.post('logs', LOG)).status === 403);
        expect(await lake.count('select 1')).toBe(1);
        await say('ingest: on');
        await waitFor('ingest to be on', async () => (await lake.post('logs', LOG)).status === 200);
      } finally {
        await lake.stop();
      }
    });
  });
});
