import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_SKETCH_KEYS,
  QuantileSketch,
  SKETCH_ACCURACY,
  sketchKey,
  sketchQuantile,
  sketchValue,
} from './sketch.ts';

/** Where doubles are whole: below, their own steps are wider than 1 %. */
const LEAST = 1e-300;
const value = fc.oneof(
  fc.double({ noNaN: true, min: -1e308, max: 1e308 }).filter((v) => v === 0 || Math.abs(v) >= LEAST),
  fc.integer({ min: -1000, max: 1000 }),
);

function sketchOf(values: readonly number[]): QuantileSketch {
  const sketch = new QuantileSketch();
  for (const each of values) sketch.add(sketchKey(each), 1);
  return sketch;
}

const held = ({ keys, counts, length }: QuantileSketch) => ({
  keys: [...keys.subarray(0, length)],
  counts: [...counts.subarray(0, length)],
});

describe('QuantileSketch', () => {
  it('stands for a value within its accuracy', () => {
    fc.assert(
      fc.property(value, (exact) => {
        const found = sketchValue(sketchKey(exact));
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(SKETCH_ACCURACY * Math.abs(exact) * (1 + 1e-9));
      }),
    );
  });

  it('keeps the order of values', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        fc.pre(a < b);
        expect(sketchKey(a)).toBeLessThanOrEqual(sketchKey(b));
      }),
    );
  });

  it.each([
    [Number.POSITIVE_INFINITY, sketchKey(Number.MAX_VALUE)],
    [Number.NEGATIVE_INFINITY, sketchKey(-Number.MAX_VALUE)],
    [-0, 0],
  ])('takes %d', (odd, key) => {
    expect(sketchKey(odd)).toBe(key);
  });

  it('of parts that are added up is that of all values', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 40 }), { maxLength: 5 }), (parts) => {
        const whole = new QuantileSketch();
        for (const part of parts) whole.addAll(sketchOf(part));
        expect(held(whole)).toEqual(held(sketchOf(parts.flat())));
      }),
    );
  });

  it('knows every quantile within its accuracy', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const { keys, counts } = held(sketchOf(values));
          const exact = values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];
          const found = sketchQuantile(keys, counts, q) as number;
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(SKETCH_ACCURACY * Math.abs(exact) * (1 + 1e-9));
        },
      ),
    );
  });

  it('has no quantile of nothing', () => {
    expect(sketchQuantile([], [], 0.5)).toBeUndefined();
  });

  it.each(['up', 'down', 'across'])(
    'has a bounded number of keys, the greatest ones, when values go %s',
    (way) => {
      const sketch = new QuantileSketch();
      const count = MAX_SKETCH_KEYS * 2;
      const keys = Array.from({ length: count }, (_, i) =>
        way === 'up' ? i : way === 'down' ? count - 1 - i : (i * 1021) % count,
      );
      for (const key of keys) sketch.add(key + 1, 1);
      const { keys: left, counts } = held(sketch);
      expect(left).toHaveLength(MAX_SKETCH_KEYS);
      expect(left).toEqual(left.toSorted((a, b) => a - b));
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(count);
      // The upper half is as it was.
      expect(left.slice(1)).toEqual(
        Array.from({ length: MAX_SKETCH_KEYS - 1 }, (_, i) => MAX_SKETCH_KEYS + 2 + i),
      );
      expect(counts.slice(1).every((n) => n === 1)).toBe(true);
    },
  );
});
