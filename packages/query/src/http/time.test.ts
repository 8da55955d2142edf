import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMicros, formatTime, parseTime } from './time.ts';

const anyNs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const flooredNs = fc.bigInt({ min: -(2n ** 63n) + 1000n, max: 2n ** 63n - 1n });

describe('times', () => {
  it('are read back as they were written', () => {
    fc.assert(fc.property(anyNs, (ns) => parseTime(formatTime(ns), 'start') === ns));
    fc.assert(fc.property(anyNs, (ns) => parseTime(String(ns), 'start') === ns));
    fc.assert(fc.property(anyNs, (ns) => parseTime(ns, 'start') === ns));
  });

  it('in µs are those in ns, cut', () => {
    fc.assert(
      fc.property(flooredNs, (ns) => {
        const micros = (ns - (((ns % 1000n) + 1000n) % 1000n)) / 1000n;
        const text = formatMicros(micros);
        return text !== undefined && parseTime(text, 'start') === micros * 1000n;
      }),
      { examples: [[-(2n ** 63n) + 1000n], [-1n], [0n]] },
    );
  });

  it('of any other text are refused with the name of the field, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything()), (value) => {
        try {
          return typeof parseTime(value, 'end') === 'bigint';
        } catch (error) {
          return (error as Error).message.startsWith('end is not a time');
        }
      }),
    );
  });

  it.each([
    ['2024-02-29T12:00:00Z', 1709208000000000000n],
    ['2024-02-29t12:00:00z', 1709208000000000000n],
    ['2024-02-29T12:00:00.5-01:30', 1709213400500000000n],
    ['0001-01-01T00:00:00Z', undefined],
    ['2023-02-29T12:00:00Z', undefined],
    ['2024-02-29T24:00:00Z', undefined],
    ['2024-02-29T23:59:60Z', undefined],
    ['2024-02-29T12:00:00+24:00', undefined],
    ['2024-02-29', undefined],
    ['', undefined],
  ])('%s', (text, ns) => {
    if (ns === undefined) expect(() => parseTime(text, 'start')).toThrow(/start is not a time/);
    else expect(parseTime(text, 'start')).toBe(ns);
  });
});
