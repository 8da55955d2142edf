import { createDemo, ProtoWriter } from '@lakewright/otlp';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../otlp/test/otlp-proto.ts';
import { cookAndRead, input, ORGANIZATION, type Signal } from '../../test/cooking.ts';
import { near, RUNS } from '../../test/random-otlp.ts';
import { BadObjectError } from '../errors.ts';
import { cook, cookMemory } from './index.ts';

describe('cook', () => {
  it('keeps exemplars with their exact values and ids', async () => {
    const exemplars = [
      {
        filtered_attributes: [{ key: 'user', value: { string_value: 'a' } }],
        time_unix_nano: '1700000000000000001',
        as_int: '9007199254740993',
        trace_id: Buffer.alloc(16, 0xab),
        span_id: Buffer.alloc(8, 0xcd),
      },
      { time_unix_nano: '1700000000000000002', as_double: 2 },
    ];
    const point = { time_unix_nano: '1700000000000000000', as_int: '5', exemplars };
    const tables = await cookAndRead('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'm', sum: { data_points: [point] } }] }] }],
    });
    expect(tables.sum?.[0].exemplars).toBe(
      `[{"filtered_attributes":{"user":"a"},"time_unix_nano":1700000000000000001,"value":9007199254740993,` +
        `"trace_id":"${'ab'.repeat(16)}","span_id":"${'cd'.repeat(8)}"},` +
        `{"filtered_attributes":{},"time_unix_nano":1700000000000000002,"value":2.0,"trace_id":null,"span_id":null}]`,
    );
  });

  it('gives the same bytes in memory that jobs before it left, as in memory of its own', () => {
    const job = fc
      .record({
        signal: fc.constantFrom<Signal[]>('logs', 'traces', 'metrics'),
        sizes: fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 3 }),
        seed: fc.nat({ max: 50 }),
        daysApart: fc.nat({ max: 2 }),
      })
      .map(({ signal, sizes, seed, daysApart }) => ({
        organization: ORGANIZATION,
        signal,
        inputs: sizes.map((size, i) => {
          const startNs = 1_760_000_000_000_000_000n + BigInt(i * daysApart) * 86_400_000_000_000n;
          const demo = createDemo({ seed: seed + i, startNs, rate: 100 });
          const batch = {
            logs: () => demo.logsRequest(size),
            traces: () => demo.tracesRequest(size),
            metrics: () => demo.pointsRequest(size),
          }[signal]();
          return input(signal, batch.body, String(i));
        }),
      }));
    fc.assert(
      fc.property(fc.array(job, { minLength: 2, maxLength: 4 }), (jobs) => {
        const memory = cookMemory();
        for (const each of jobs) expect(cook(each, memory)).toEqual(cook(each));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('sorts logs by service, stream and time, and splits them by UTC day', () => {
    const record = fc.record({ time_unix_nano: near, event_name: fc.constant('e') });
    const request = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), record), {
      minLength: 1,
      maxLength: 60,
    });
    return fc.assert(
      fc.asyncProperty(request, async (records) => {
        const bytes = encodeRequest('logs', {
          resource_logs: records.map(([service, host, log]) => ({
            resource: {
              attributes: [
                { key: 'service.name', value: { string_value: service } },
                { key: 'host.name', value: { string_value: host } },
              ],
            },
            scope_logs: [{ log_records: [log] }],
          })),
        });
        const { segments } = cook({
          organization: ORGANIZATION,
          signal: 'logs',
          inputs: [input('logs', bytes)],
        });
        let total = 0;
        for (const segment of segments) {
          const rows = await parquetReadObjects({ file: segment.parquet.buffer as ArrayBuffer, compressors });
          total += rows.length;
          const days = new Set(rows.map((row) => (row.time_unix_nano as bigint) / 86_400_000_000_000n));
          expect(days.size).toBe(1);
          const sortKey = (row: Record<string, unknown>) => {
            const unsigned = BigInt.asUintN(64, row.stream_id as bigint)
              .toString()
              .padStart(20, '0');
            return `${row.service_name}|${unsigned}|${row.time_unix_nano}`;
          };
          const keys = rows.map(sortKey);
          expect(keys).toEqual([...keys].sort());
          const times = rows.map((row) => row.time_unix_nano as bigint).sort((a, b) => (a < b ? -1 : 1));
          expect([segment.minTimeNs, segment.maxTimeNs]).toEqual([times[0], times[times.length - 1]]);
          expect(segment.services).toEqual([...new Set(rows.map((row) => row.service_name))].sort());
        }
        expect(total).toBe(records.length);
      }),
      RUNS,
    );
  });

  it('gives one identity to equal labels in any order, and others to others', async () => {
    const attribute = (name: string, text: string) => ({ key: name, value: { string_value: text } });
    const point = (labels: object[]) => ({
      time_unix_nano: '1700000000000000000',
      as_int: '1',
      attributes: labels,
    });
    const metric = (name: string, ...points: object[]) => ({ name, gauge: { data_points: points } });
    const tables = await cookAndRead('metrics', {
      resource_metrics: [
        {
          scope_metrics: [
            {
              metrics: [
                metric(
                  'm',
                  point([attribute('a', '1'), attribute('b', '2')]),
                  point([attribute('b', '2'), attribute('a', '1')]),
                ),
                metric('m', point([attribute('a', '2'), attribute('b', '1')])),
                metric('n', point([attribute('a', '1'), attribute('b', '2')])),
              ],
            },
          ],
        },
      ],
    });
    const ids = (tables.gauge ?? []).map((row) => row.series_id);
    expect(ids.length).toBe(4);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives equal segments for equal jobs and other ids for other inputs', () => {
    const bytes = encodeRequest('logs', {
      resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'x' }] }] }],
    });
    const job = (name: string) => ({
      organization: ORGANIZATION,
      signal: 'logs' as const,
      inputs: [input('logs', bytes, name)],
    });
    expect(cook(job('a'))).toEqual(cook(job('a')));
    expect(cook(job('a')).segments[0].segmentId).not.toBe(cook(job('b')).segments[0].segmentId);
  });

  it('leaves out what cannot be stored, says why, and keeps the neighbours', () => {
    // protobufjs does not encode values this deep, so the request is written field by field.
    const w = new ProtoWriter();
    const nested = (levels: number): void => {
      if (levels === 1) w.varint(3, 1);
      else w.message(5, () => w.message(1, () => nested(levels - 1)));
    };
    const body = (levels: number) => w.message(2, () => w.message(5, () => nested(levels)));
    const late = () => w.message(2, () => w.fixed64(1, 2n ** 63n));
    w.message(1, () =>
      w.message(2, () => {
        body(64);
        body(65);
        late();
        body(64);
      }),
    );
    w.message(1, () => {
      w.message(1, () =>
        w.message(1, () => {
          w.string(1, 'deep');
          w.message(2, () => nested(200));
        }),
      );
      w.message(2, () => {
        body(1);
        body(1);
      });
    });
    const bytes = w.finish();
    const result = cook({ organization: ORGANIZATION, signal: 'logs', inputs: [input('logs', bytes)] });
    expect(result.segments.map((segment) => segment.rows)).toEqual([2]);
    expect(result.inputs).toEqual([
      {
        records: 2,
        rejected: 4,
        reasons: [
          'a value nests deeper than 64 levels',
          'a time is past 2262-04-11 (2^63-1 ns)',
          'a resource or scope attribute nests deeper than 64 levels',
        ],
      },
    ]);
  });

  it('rejects spans with wrong ids and points with counts past 2^63-1', () => {
    const ids = { trace_id: Buffer.alloc(16, 1), span_id: Buffer.alloc(8, 1) };
    const spans = [
      ids,
      { ...ids, trace_id: Buffer.alloc(15) },
      { ...ids, parent_span_id: Buffer.alloc(3) },
      { ...ids, links: [{ trace_id: Buffer.alloc(2), span_id: Buffer.alloc(8) }] },
    ];
    const traces = encodeRequest('traces', { resource_spans: [{ scope_spans: [{ spans }] }] });
    expect(
      cook({ organization: ORGANIZATION, signal: 'traces', inputs: [input('traces', traces)] }).inputs[0],
    ).toMatchObject({
      records: 1,
      rejected: 3,
    });
    const data_points = [{ count: '9223372036854775808' }, { count: '9223372036854775807' }];
    const metrics = encodeRequest('metrics', {
      resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'h', histogram: { data_points } }] }] }],
    });
    expect(
      cook({ organization: ORGANIZATION, signal: 'metrics', inputs: [input('metrics', metrics)] }).inputs[0],
    ).toMatchObject({ records: 1, rejected: 1, reasons: ['a count is above 2^63-1'] });
  });

  it('stores text that is not UTF-8 with U+FFFD and says so', async () => {
    const bytes = Buffer.from(
      encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'ab' }] }] }] }),
    );
    bytes[bytes.indexOf('ab')] = 0xff;
    const { segments, inputs } = cook({
      organization: ORGANIZATION,
      signal: 'logs',
      inputs: [input('logs', bytes)],
    });
    expect(inputs[0].reasons).toEqual(['1 strings were not valid UTF-8 and are stored with U+FFFD']);
    const rows = await parquetReadObjects({ file: segments[0].parquet.buffer as ArrayBuffer, compressors });
    expect(rows[0].event_name).toBe('\ufffdb');
  });

  it('names the object that cannot be read', () => {
    const good = encodeRequest('logs', {
      resource_logs: [{ scope_logs: [{ log_records: [{ event_name: 'x' }] }] }],
    });
    const bad = good.slice(0, good.length - 1);
    const job = {
      organization: ORGANIZATION,
      signal: 'logs' as const,
      inputs: [input('logs', good, 'good'), input('logs', bad, 'bad')],
    };
    let thrown: unknown;
    try {
      cook(job);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BadObjectError);
    expect((thrown as BadObjectError).key).toContain('logs_bad');
    expect((thrown as BadObjectError).message).toMatch(/not a valid OTLP logs export request: .*byte \d+/);
  });

  it('never does anything but cook or refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Signal>('logs', 'traces', 'metrics'),
        fc.uint8Array({ maxLength: 200 }),
        (signal, junk) => {
          try {
            cook({ organization: ORGANIZATION, signal, inputs: [input(signal, junk)] });
          } catch (error) {
            expect(error).toBeInstanceOf(BadObjectError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
