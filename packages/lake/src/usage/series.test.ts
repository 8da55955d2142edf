import { type Logger, type Sql, silentLogger, UnavailableError } from '@lakewright/core';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { encodeRequest } from '../../../otlp/test/otlp-proto.ts';
import { input } from '../../test/cooking.ts';
import { ManualClock, ORGANIZATION, OTHER_ORGANIZATION } from '../../test/raw-objects.ts';
import { Catalog } from '../catalog/index.ts';
import { cook } from '../cook/index.ts';
import type { MetricSeries } from '../types.ts';
import { SeriesLedger, SeriesWatch } from './index.ts';

const DAY_MS = 86_400_000;
const series = (metric: string, from: number, to: number): MetricSeries => ({
  metric,
  ids: Float64Array.from({ length: to - from }, (_, i) => (from + i) * 1_000_003),
});

describe('cooking', () => {
  const point = (host: string) => ({
    as_double: 1,
    attributes: [{ key: 'host', value: { string_value: host } }],
  });
  const request = (...hosts: string[]) =>
    encodeRequest('metrics', {
      resource_metrics: [
        {
          scope_metrics: [
            {
              metrics: [
                { name: 'load', gauge: { data_points: hosts.map(point) } },
                { name: 'up', sum: { data_points: [point('a')] } },
              ],
            },
          ],
        },
      ],
    });

  test('tells the series of each metric name, the same ones for the same series', () => {
    const job = { organization: ORGANIZATION, signal: 'metrics' as const };
    const first = cook({ ...job, inputs: [input('metrics', request('a', 'b', 'a'))] }).series ?? [];
    const second = cook({ ...job, inputs: [input('metrics', request('b', 'c'), 'b')] }).series ?? [];
    const sizes = (all: readonly MetricSeries[]) => all.map(({ metric, ids }) => [metric, new Set(ids).size]);
    expect(sizes(first)).toEqual([
      ['load', 2],
      ['up', 1],
    ]);
    expect(sizes(second)).toEqual([
      ['load', 2],
      ['up', 1],
    ]);
    expect(new Set([...first[0].ids, ...second[0].ids]).size).toBe(3);
    expect(first[1].ids).toEqual(second[1].ids);
    for (const id of first[0].ids) expect(Number.isSafeInteger(id)).toBe(true);
  });

  test('tells none of other signals', () => {
    const body = encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records: [{}] }] }] });
    expect(
      cook({ organization: ORGANIZATION, signal: 'logs', inputs: [input('logs', body)] }).series,
    ).toEqual([]);
  });
});

describeDatabases('the series of metrics', (empty) => {
  let sql: Sql;
  let clock: ManualClock;
  let catalog: Catalog;
  beforeEach(async () => {
    sql = await empty();
    clock = new ManualClock();
    catalog = await Catalog.open(sql, clock);
  });

  const parts = (logger: Logger = silentLogger) => ({ catalog, clock, logger, metrics: new Registry() });
  const counted = async () => {
    const watch = new SeriesWatch(parts());
    await watch.look();
    return (organization = ORGANIZATION, limit = 0) => Object.fromEntries(watch.over(organization, limit));
  };

  test('are those of all processes together, each counted once', async () => {
    const [one, other] = [new SeriesLedger(parts()), new SeriesLedger(parts())];
    one.note(ORGANIZATION, [series('load', 0, 300), series('up', 0, 2)]);
    other.note(ORGANIZATION, [series('load', 200, 400)]);
    other.note(OTHER_ORGANIZATION, [series('load', 0, 5)]);
    await Promise.all([one.flush(), other.flush()]);
    one.note(ORGANIZATION, [series('load', 100, 450)]);
    await one.flush();
    await one.flush();
    const over = await counted();
    expect(over()).toEqual({ load: 450, up: 2 });
    expect(over(OTHER_ORGANIZATION)).toEqual({ load: 5 });
    expect(over(ORGANIZATION, 2)).toEqual({ load: 450 });
    expect(over(ORGANIZATION, 450)).toEqual({});
  });

  test('may be many: then they are nearly right', async () => {
    const ledger = new SeriesLedger(parts());
    ledger.note(ORGANIZATION, [series('load', 0, 50_000)]);
    await ledger.flush();
    ledger.note(ORGANIZATION, [series('load', 25_000, 100_000)]);
    await ledger.flush();
    const { load } = (await counted())();
    expect(Math.abs(load - 100_000)).toBeLessThan(6_000);
  });

  test('begin anew each day, and old days are forgotten', async () => {
    const ledger = new SeriesLedger(parts());
    ledger.note(ORGANIZATION, [series('load', 0, 10)]);
    await ledger.flush();
    const watch = new SeriesWatch(parts());
    await watch.look();
    expect(watch.over(ORGANIZATION, 5).size).toBe(1);
    clock.advance(DAY_MS);
    // Also before the next look.
    expect(watch.over(ORGANIZATION, 5).size).toBe(0);
    ledger.note(ORGANIZATION, [series('load', 0, 3)]);
    await ledger.flush();
    expect((await counted())()).toEqual({ load: 3 });
    clock.advance(20 * DAY_MS);
    ledger.note(ORGANIZATION, [series('load', 0, 1)]);
    await ledger.flush();
    expect(await sql.query('select series from metric_series')).toEqual([{ series: 1n }]);
  });

  test('of names that the catalog cannot hold are not counted, and hold nothing up', async () => {
    const ledger = new SeriesLedger(parts());
    ledger.note(ORGANIZATION, [
      series('x'.repeat(501), 0, 10),
      series('a\0b', 0, 10),
      series('lone \ud800', 0, 10),
      series('fine ü \u{1f600}', 0, 10),
    ]);
    await ledger.flush();
    expect((await counted())()).toEqual({ 'fine ü \u{1f600}': 10 });
  });

  test('are written later when the catalog is away, and known from before', async () => {
    const lines: string[] = [];
    const logger: Logger = { log: (_level, message) => void lines.push(message), with: () => logger };
    let away = true;
    const books = {
      merge: (...given: Parameters<Catalog['series']['merge']>) =>
        away ? Promise.reject(new UnavailableError('away')) : catalog.series.merge(...given),
      largest: (...given: Parameters<Catalog['series']['largest']>) =>
        away ? Promise.reject(new UnavailableError('away')) : catalog.series.largest(...given),
      forgetBefore: (day: number) => catalog.series.forgetBefore(day),
    };
    const flaky = { ...parts(logger), catalog: { series: books as unknown as Catalog['series'] } };
    const [ledger, watch] = [new SeriesLedger(flaky), new SeriesWatch(flaky)];
    const stop = new AbortController();
    const running = Promise.all([ledger.run(stop.signal, 5), watch.run(stop.signal, 5)]);
    ledger.note(ORGANIZATION, [series('load', 0, 10)]);
    await waitFor('two remarks', () => new Set(lines).size === 2);
    expect(watch.over(ORGANIZATION, 5).size).toBe(0);
    away = false;
    await waitFor('the count', () => watch.over(ORGANIZATION, 5).get('load') === 10);
    away = true;
    lines.length = 0;
    await waitFor('a remark', () => lines.length > 0);
    expect(watch.over(ORGANIZATION, 5).get('load')).toBe(10);
    stop.abort();
    await running;
  });
});
