import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAN_SETTINGS, type PlanInput, type PlanSettings, planMerges } from './index.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY = 20_000;
const DAY_MS = 86_400_000;
/** In the middle of the day, and an hour and a moment after its end. */
const NOON = DAY * DAY_MS + DAY_MS / 2;
const OVER = (DAY + 1) * DAY_MS + PLAN_SETTINGS.closeAfterMs;

let made = 0;
function segment(more: Partial<PlanInput> = {}): PlanInput {
  made++;
  return {
    segmentId: `s${String(made).padStart(6, '0')}`,
    level: 0,
    rows: 100,
    bytes: 10 * KIB,
    minTimeNs: BigInt(NOON + made) * 1_000_000n,
    publishedAtMs: NOON,
    ...more,
  };
}
const segments = (count: number, more: Partial<PlanInput> = {}) =>
  Array.from({ length: count }, () => segment(more));
const bytesOf = (inputs: readonly PlanInput[]) => inputs.reduce((sum, { bytes }) => sum + bytes, 0);
const rowsOf = (inputs: readonly PlanInput[]) => inputs.reduce((sum, { rows }) => sum + rows, 0);
const isFull = ({ bytes, rows }: PlanInput, settings: PlanSettings) =>
  bytes >= settings.targetBytes || rows >= settings.targetRows;

/** Plans and merges until nothing is planned; `shrink` is what merging does to the size of cooked segments. */
function compacted(start: readonly PlanInput[], nowMs: number, shrink = 1, settings = PLAN_SETTINGS) {
  let live = [...start];
  let written = 0;
  for (let pass = 0; ; pass++) {
    expect(pass).toBeLessThan(1000);
    const merges = planMerges(
      DAY,
      live.filter((each) => !isFull(each, settings)),
      nowMs,
      settings,
    );
    if (merges.length === 0) return { live, written };
    for (const { level, inputs } of merges) {
      const taken = new Set(inputs);
      expect(inputs.every((each) => live.includes(each))).toBe(true);
      live = live.filter((each) => !taken.has(each));
      const shrunk = inputs.every((each) => each.level === 0) ? shrink : 1;
      written += rowsOf(inputs);
      live.push(
        segment({
          level,
          rows: rowsOf(inputs),
          bytes: Math.ceil(bytesOf(inputs) * shrunk),
          minTimeNs: inputs[0].minTimeNs,
          publishedAtMs: nowMs,
        }),
      );
    }
  }
}

const anySegment = fc
  .record({
    level: fc.nat({ max: 3 }),
    rows: fc.integer({ min: 1, max: PLAN_SETTINGS.targetRows - 1 }),
    bytes: fc.oneof(
      fc.integer({ min: 1, max: 100 * KIB }),
      fc.integer({ min: 1, max: PLAN_SETTINGS.targetBytes - 1 }),
    ),
    minTimeNs: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    publishedAtMs: fc.integer({ min: NOON, max: OVER }),
  })
  .map(segment);
const anyTime = fc.constantFrom(NOON, OVER, OVER + PLAN_SETTINGS.closeQuietMs);

describe('planMerges', () => {
  it('takes no segment twice, keeps every limit, and sets the level above the highest input', () => {
    fc.assert(
      fc.property(fc.array(anySegment, { maxLength: 600 }), anyTime, (live, nowMs) => {
        const merges = planMerges(DAY, live, nowMs, PLAN_SETTINGS);
        const taken = merges.flatMap(({ inputs }) => inputs);
        expect(new Set(taken).size).toBe(taken.length);
        for (const { level, inputs } of merges) {
          expect(inputs.length).toBeGreaterThan(1);
          expect(inputs.length).toBeLessThanOrEqual(PLAN_SETTINGS.maxInputs);
          expect(bytesOf(inputs)).toBeLessThanOrEqual(PLAN_SETTINGS.maxBytes);
          expect(rowsOf(inputs)).toBeLessThanOrEqual(PLAN_SETTINGS.maxRows);
          expect(level).toBe(1 + Math.max(...inputs.map((input) => input.level)));
          const times = inputs.map(({ minTimeNs }) => minTimeNs);
          expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        }
      }),
    );
  });

  it('ends, and loses and doubles no row, whatever the segments', () => {
    fc.assert(
      fc.property(fc.array(anySegment, { maxLength: 200 }), anyTime, (start, nowMs) => {
        const { live } = compacted(start, nowMs);
        expect(rowsOf(live)).toBe(rowsOf(start));
        expect(bytesOf(live)).toBe(bytesOf(start));
      }),
    );
  });

  it('makes at most 10 of 1,000 small segments of one table and day', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 100 * KIB }), { minLength: 1000, maxLength: 1000 });
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, 0.3), anyTime, (all, shrink, nowMs) => {
        const { live } = compacted(
          all.map((bytes) => segment({ bytes })),
          nowMs,
          shrink,
        );
        expect(live.length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves few of those that come one after the other all day, and writes each row a few times', () => {
    let live: PlanInput[] = [];
    let written = 0;
    const COUNT = 20_000;
    for (let i = 0; i < COUNT; i++) {
      const cooked = segment({ bytes: 16 * KIB });
      const done = compacted([...live, cooked], NOON, 0.35);
      live = done.live;
      written += done.written;
      expect(live.length).toBeLessThan(4 * PLAN_SETTINGS.minInputs);
    }
    expect(written / (COUNT * 100)).toBeLessThanOrEqual(4);
    const closed = compacted(live, OVER + PLAN_SETTINGS.closeQuietMs);
    expect(closed.live.length).toBeLessThanOrEqual(10);
  });

  it('waits while a day lasts until there are enough of one level', () => {
    expect(planMerges(DAY, segments(15), NOON, PLAN_SETTINGS)).toEqual([]);
    expect(planMerges(DAY, [...segments(15), ...segments(15, { level: 1 })], NOON, PLAN_SETTINGS)).toEqual(
      [],
    );
    const enough = segments(16);
    expect(planMerges(DAY, enough, NOON, PLAN_SETTINGS)).toEqual([{ level: 1, inputs: enough }]);
  });

  it('merges fewer when they make a full one', () => {
    const big = segments(3, { bytes: 30 * MIB, level: 2 });
    expect(planMerges(DAY, big, NOON, PLAN_SETTINGS)).toEqual([{ level: 3, inputs: big }]);
    const long = segments(2, { rows: PLAN_SETTINGS.targetRows / 2 });
    expect(planMerges(DAY, long, NOON, PLAN_SETTINGS)).toEqual([{ level: 1, inputs: long }]);
  });

  it('takes neighbours in time, the oldest first', () => {
    const late = segments(300);
    const shuffled = [...late].reverse();
    const [first, second] = planMerges(DAY, shuffled, NOON, PLAN_SETTINGS);
    expect(first.inputs).toEqual(late.slice(0, 256));
    expect(second.inputs).toEqual(late.slice(256));
  });

  it('merges what is left of a day when it is over and nothing was added for a while', () => {
    const left = [...segments(3), ...segments(3, { level: 1, bytes: 40 * KIB })];
    const quiet = OVER + PLAN_SETTINGS.closeQuietMs;
    expect(planMerges(DAY, left, OVER - 1, PLAN_SETTINGS)).toEqual([]);
    expect(planMerges(DAY, left, OVER, PLAN_SETTINGS)).toEqual([{ level: 2, inputs: left }]);
    const late = segment({ publishedAtMs: quiet - 1 });
    expect(planMerges(DAY, [...left, late], quiet, PLAN_SETTINGS)).toEqual([]);
    // What a merge wrote does not count as added.
    const justMerged = segment({ level: 1, publishedAtMs: quiet });
    expect(planMerges(DAY, [...left, justMerged], quiet, PLAN_SETTINGS)).toHaveLength(1);
  });

  it('does not rewrite a big segment for a late record', () => {
    const quiet = OVER + PLAN_SETTINGS.closeQuietMs;
    const big = segment({ level: 3, bytes: 50 * MIB });
    expect(planMerges(DAY, [big, segment()], quiet, PLAN_SETTINGS)).toEqual([]);
    const small = segments(2);
    expect(planMerges(DAY, [big, ...small], quiet, PLAN_SETTINGS)).toEqual([{ level: 1, inputs: small }]);
  });
});
