import { describe, expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

const REQUESTS = `metric_name = 'lakewright_otlp_requests_total' and metric_attributes['signal'] = 'metrics'`;

describe('a lake that exports its telemetry to itself', () => {
  it('holds its own metrics, and does not feed on them', async () => {
    await withDirectory(async (data) => {
      const lake = await LakeProcess.start({
        data,
        env: (httpUrl) => ({
          ENABLE_OTLP_TELEMETRY: 'true',
          OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
          OTEL_METRIC_EXPORT_INTERVAL: '200',
          OTEL_SERVICE_NAME: 'a-lake',
        }),
      });
      const exports = () =>
        lake.count(`select count(*) from sum where service_name = 'a-lake' and ${REQUESTS}`);
      await waitFor('twenty exports', async () => (await exports()) >= 20);
      const [{ least, most }] = await lake.rows(
        `select min(value) as least, max(value) as most from sum where ${REQUESTS}`,
      );
      // It counts the exports themselves, one by one.
      expect(Number(most)).toBeGreaterThan(Number(least));
      const [{ seconds }] = await lake.rows(
        `select (max(time_unix_nano) - min(time_unix_nano)) / 1e9 as seconds from sum where ${REQUESTS}`,
      );
      // Five a second; a lake that fed on itself would double that again and again. A busy machine bunches them.
      expect(Number(most) - Number(least)).toBeLessThanOrEqual(Number(seconds) * 10 + 10);
      // Each export is stored, cooked and merged, and none of that makes it say more than it did.
      expect(await lake.count('select count(*) from logs')).toBeLessThanOrEqual(5);
      expect(await lake.stop()).toBe(0);
    });
  });
});
