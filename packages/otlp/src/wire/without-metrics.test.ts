import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRequest, requestType } from '../../test/otlp-proto.ts';
import { field } from '../../test/requests.ts';
import { inspectRequest } from './inspect.ts';
import { withoutMetrics } from './without-metrics.ts';

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly points: number;
}
type Request = readonly (readonly (readonly Metric[])[])[];

const NAMES = ['a', 'b', 'über', ''] as const;
const metric = fc.record({
  name: fc.constantFrom(...NAMES),
  unit: fc.string({ maxLength: 200 }),
  points: fc.nat(3),
});
const request: fc.Arbitrary<Request> = fc.array(
  fc.array(fc.array(metric, { maxLength: 4 }), { maxLength: 3 }),
  {
    maxLength: 3,
  },
);

const encode = (all: Request): Uint8Array =>
  encodeRequest('metrics', {
    resource_metrics: all.map((scopes) => ({
      schema_url: 'https://example.org',
      scope_metrics: scopes.map((metrics) => ({
        scope: { name: 's' },
        metrics: metrics.map(({ name, unit, points }) => ({
          name,
          unit,
          gauge: { data_points: Array.from({ length: points }, (_, i) => ({ as_double: i })) },
        })),
      })),
    })),
  });
const decode = (bytes: Uint8Array) => requestType('metrics').decode(bytes).toJSON();

describe('withoutMetrics', () => {
  test('leaves out metrics by name and nothing else', () => {
    fc.assert(
      fc.property(request, fc.subarray([...NAMES]), (all, over) => {
        const isOver = (name: string) => over.includes(name as (typeof NAMES)[number]);
        const { body, removed } = withoutMetrics(encode(all), isOver);
        const kept = all.map((scopes) =>
          scopes.map((metrics) => metrics.filter(({ name }) => !isOver(name))),
        );
        expect(decode(body)).toEqual(decode(encode(kept)));
        const names = new Set(all.flat(2).map(({ name }) => name));
        expect(removed).toEqual(new Set([...names].filter(isOver)));
        const points = kept.flat(2).reduce((sum, one) => sum + one.points, 0);
        expect(inspectRequest('metrics', body)).toMatchObject({ records: points, rejected: 0 });
      }),
    );
  });

  test('gives back the very same bytes when nothing is left out', () => {
    const bytes = encode([[[{ name: 'a', unit: '', points: 1 }]]]);
    expect(withoutMetrics(bytes, () => false).body).toBe(bytes);
    expect(withoutMetrics(new Uint8Array(), () => true)).toEqual({
      body: new Uint8Array(),
      removed: new Set(),
    });
  });

  test('keeps what it does not know, and takes the last of several names', () => {
    const name = (text: string) => field(0x0a, Buffer.from(text));
    const unknown = field(0x7a, Buffer.from('??'));
    const around = (...metrics: Buffer[]) => field(0x0a, unknown, field(0x12, ...metrics, unknown));
    const bytes = around(field(0x12, name('a'), name('b')), field(0x12, name('b'), unknown, name('a')));
    const { body, removed } = withoutMetrics(bytes, (one) => one === 'a');
    expect(Buffer.from(body)).toEqual(around(field(0x12, name('a'), name('b'))));
    expect(removed).toEqual(new Set(['a']));
  });
});
