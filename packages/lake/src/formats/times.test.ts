import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanosecondsOf, timeOf } from './times.ts';

describe('timeOf', () => {
  it.each<[string, bigint | undefined]>([
    ['2024-02-29T12:34:56Z', 1_709_210_096_000_000_000n],
    ['2024-02-29t12:34:56z', 1_709_210_096_000_000_000n],
    ['2024-02-29 12:34:56', 1_709_210_096_000_000_000n],
    ['2024-02-29T12:34:56', 1_709_210_096_000_000_000n],
    [' 2024-02-29 12:34:56.5 ', 1_709_210_096_500_000_000n],
    ['2024-02-29 12:34:56,123', 1_709_210_096_123_000_000n],
    ['2024-02-29T12:34:56.123456789Z', 1_709_210_096_123_456_789n],
    ['2024-02-29T12:34:56.1+02:00', 1_709_202_896_100_000_000n],
    ['2024-02-29T12:34:56-0530', 1_709_229_896_000_000_000n],
    ['2024-02-29 12:34:56 +0000', 1_709_210_096_000_000_000n],
    ['2024-02-29 12:34:56 UTC', 1_709_210_096_000_000_000n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000_000n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['2262-04-11T23:47:16.854775807Z', 2n ** 63n - 1n],
    // Seconds, milliseconds, microseconds, nanoseconds.
    ['1709210096', 1_709_210_096_000_000_000n],
    ['1709210096.123456789', 1_709_210_096_123_456_789n],
    ['1709210096.5', 1_709_210_096_500_000_000n],
    ['1709210096123', 1_709_210_096_123_000_000n],
    ['1709210096123.25', 1_709_210_096_123_250_000n],
    ['1709210096123456', 1_709_210_096_123_456_000n],
    ['1709210096123456789', 1_709_210_096_123_456_789n],
    ['100000000', 100_000_000_000_000_000n],
    ['9223372036854775807', 2n ** 63n - 1n],
    // Neither understood nor representable.
    ['9223372036854775808', undefined],
    ['20240229', undefined],
    ['12.5', undefined],
    ['0', undefined],
    ['-1709210096', undefined],
    ['1.7e9', undefined],
    ['0000-01-01T00:00:00Z', undefined],
    ['0070-01-01T00:00:00Z', undefined],
    ['9999-12-31T23:59:59Z', undefined],
    ['1969-12-31T23:59:59.999999999Z', undefined],
    ['1970-01-01T00:00:00Z', undefined],
    ['1970-01-01T00:00:00+00:01', undefined],
    ['2262-04-11T23:47:16.854775808Z', undefined],
    ['2023-02-29T00:00:00Z', undefined],
    ['2024-13-01T00:00:00Z', undefined],
    ['2024-00-01T00:00:00Z', undefined],
    ['2024-01-01T24:00:00Z', undefined],
    ['2024-01-01T00:60:00Z', undefined],
    ['2024-01-01T00:00:00+24:00', undefined],
    ['2024-01-01T00:00:00.1234567890Z', undefined],
    ['2024-01-01', undefined],
    ['12:00:00', undefined],
    ['Jan  1 00:00:00', undefined],
    ['', undefined],
  ])('%j is %s', (text, expected) => {
    expect(timeOf(text)).toBe(expected);
  });

  it('reads back what Date writes, at any offset', () => {
    const ms = fc.integer({ min: 1, max: 9_223_372_036_853 });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1439, max: 1439 }), (time, offset) => {
        const local = new Date(time + offset * 60_000).toISOString().slice(0, -1);
        const sign = offset < 0 ? '-' : '+';
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((n) =>
          String(n).padStart(2, '0'),
        );
        expect(timeOf(`${local}${sign}${hours}:${minutes}`)).toBe(BigInt(time) * 1_000_000n);
      }),
    );
  });

  it('never throws and never leaves the range', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt().map(String), fc.double().map(String)), (text) => {
        const time = timeOf(text) ?? 1n;
        expect(time > 0n && time < 2n ** 63n).toBe(true);
      }),
    );
  });
});

describe('nanosecondsOf', () => {
  it.each<[string, bigint | undefined]>([
    ['1', 1n],
    ['1709210096123456789', 1_709_210_096_123_456_789n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', undefined],
    ['0', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['2024-01-01T00:00:00Z', undefined],
  ])('%j is %s', (text, expected) => {
    expect(nanosecondsOf(text)).toBe(expected);
  });
});
