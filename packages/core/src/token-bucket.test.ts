import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

function bucket(perSecond: number, burst: number) {
  let now = 1_000_000;
  const tokens = new TokenBucket({ perSecond, burst, clock: { now: () => now } });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { tokens, pass };
}

describe('TokenBucket', () => {
  test('gives a burst, then the rate', () => {
    const { tokens, pass } = bucket(10, 20);
    expect(tokens.take(20)).toBe(0);
    expect(tokens.take(1)).toBe(100);
    pass(99);
    expect(tokens.take(1)).toBe(1);
    pass(1);
    expect(tokens.take(1)).toBe(0);
    expect(tokens.take(5)).toBe(500);
  });

  test('saves up no more than the burst', () => {
    const { tokens, pass } = bucket(10, 20);
    pass(3_600_000);
    expect([tokens.take(20), tokens.take(1)]).toEqual([0, 100]);
  });

  test('gives what is larger than the burst when it is full, and waits for it after', () => {
    const { tokens, pass } = bucket(10, 20);
    expect(tokens.take(50)).toBe(0);
    expect(tokens.take(1)).toBe(3100);
    pass(3100);
    expect(tokens.take(50)).toBe(1900);
    expect(tokens.take(1)).toBe(0);
  });

  test('a clock that is set back takes nothing', () => {
    const { tokens, pass } = bucket(10, 20);
    expect(tokens.take(10)).toBe(0);
    pass(-60_000);
    expect(tokens.take(10)).toBe(0);
  });

  test('never gives more than the rate and one burst, and keeps its word on when', () => {
    const steps = fc.array(fc.record({ ms: fc.nat(500), count: fc.integer({ min: 1, max: 15 }) }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), steps, (perSecond, all) => {
        const burst = 15;
        const { tokens, pass } = bucket(perSecond, burst);
        let given = 0;
        let passed = 0;
        for (const { ms, count } of all) {
          pass(ms);
          passed += ms;
          const wait = tokens.take(count);
          if (wait === 0) given += count;
          else {
            pass(wait);
            passed += wait;
            expect(tokens.take(count)).toBe(0);
            given += count;
          }
        }
        expect(given).toBeLessThanOrEqual(burst + (passed / 1000) * perSecond + 1e-3);
      }),
    );
  });
});
