import type { PlanSettings } from './settings.ts';

/** What a plan needs to know of a segment. */
export interface PlanInput {
  readonly segmentId: string;
  readonly level: number;
  readonly rows: number;
  readonly bytes: number;
  readonly minTimeNs: bigint;
  readonly publishedAtMs: number;
}

/** Segments that become one, in the order in which their equal rows are to come. */
export interface PlannedMerge<Input extends PlanInput = PlanInput> {
  /** Of the output. */
  readonly level: number;
  readonly inputs: readonly Input[];
}

const DAY_MS = 86_400_000;

/**
 * Which of `segments`, all of one organization, table and UTC day, are merged with which. None is full, and
 * each is in one merge at most.
 *
 * While the day lasts, segments of one level wait until there are `minInputs` of them, or enough for a full
 * one; neighbours in time are merged, up to `maxInputs`. So a row is written once for each level, and there
 * are log16(full size / cooked size) levels: 64 MiB of segments that shrink to 5 KiB each are written 4 times.
 * When the day is over and quiet, what is left is merged in order of size, leaving out what is `closeRatio`
 * times bigger than all before it: a late record does not rewrite 60 MiB.
 */
export function planMerges<Input extends PlanInput>(
  day: number,
  segments: readonly Input[],
  nowMs: number,
  settings: PlanSettings,
): PlannedMerge<Input>[] {
  const batches = isOver(day, segments, nowMs, settings)
    ? closingBatches(segments, settings)
    : levelsOf(segments).flatMap((level) => levelBatches(level, settings));
  return batches.map((inputs) => ({
    level: 1 + Math.max(...inputs.map(({ level }) => level)),
    inputs: inputs.toSorted(byTime),
  }));
}

/** Segments of several days together (`day` is -1) never count as a day that lasts. */
function isOver(
  day: number,
  segments: readonly PlanInput[],
  nowMs: number,
  { closeAfterMs, closeQuietMs }: PlanSettings,
): boolean {
  if (nowMs < (day + 1) * DAY_MS + closeAfterMs) return false;
  return segments.every(({ level, publishedAtMs }) => level > 0 || publishedAtMs <= nowMs - closeQuietMs);
}

function levelsOf<Input extends PlanInput>(segments: readonly Input[]): Input[][] {
  const levels = new Map<number, Input[]>();
  for (const segment of segments.toSorted(byTime)) {
    const level = levels.get(segment.level);
    if (level === undefined) levels.set(segment.level, [segment]);
    else level.push(segment);
  }
  return [...levels.values()];
}

/** Neighbours of one level, as many as are worth a merge; the rest waits. */
function levelBatches<Input extends PlanInput>(level: readonly Input[], settings: PlanSettings): Input[][] {
  const batches: Input[][] = [];
  for (let from = 0; from < level.length; ) {
    const batch = new Batch<Input>(settings);
    while (from + batch.inputs.length < level.length && batch.add(level[from + batch.inputs.length])) {}
    if (batch.inputs.length < 2 || !(batch.isFull || batch.inputs.length >= settings.minInputs)) break;
    batches.push(batch.inputs);
    from += batch.inputs.length;
  }
  return batches;
}

function closingBatches<Input extends PlanInput>(
  segments: readonly Input[],
  settings: PlanSettings,
): Input[][] {
  const bySize = segments.toSorted((a, b) => a.bytes - b.bytes || byTime(a, b));
  const batches: Input[][] = [];
  for (let from = 0; from < bySize.length; ) {
    const batch = new Batch<Input>(settings);
    for (const next of bySize.slice(from)) {
      if (batch.bytes > 0 && next.bytes > settings.closeRatio * batch.bytes) break;
      if (!batch.add(next)) break;
    }
    if (batch.inputs.length > 1) batches.push(batch.inputs);
    from += batch.inputs.length;
  }
  return batches;
}

/** Inputs of one merge while it is put together. */
class Batch<Input extends PlanInput> {
  readonly inputs: Input[] = [];
  bytes = 0;
  #rows = 0;
  readonly #settings: PlanSettings;

  constructor(settings: PlanSettings) {
    this.#settings = settings;
  }

  get isFull(): boolean {
    return this.bytes >= this.#settings.targetBytes || this.#rows >= this.#settings.targetRows;
  }

  /** Takes one more, unless the batch is full or would be too big. The first is always taken. */
  add(input: Input): boolean {
    const { maxBytes, maxRows, maxInputs } = this.#settings;
    if (this.inputs.length > 0) {
      if (this.isFull || this.inputs.length === maxInputs) return false;
      if (this.bytes + input.bytes > maxBytes || this.#rows + input.rows > maxRows) return false;
    }
    this.inputs.push(input);
    this.bytes += input.bytes;
    this.#rows += input.rows;
    return true;
  }
}

function byTime(a: PlanInput, b: PlanInput): number {
  if (a.minTimeNs !== b.minTimeNs) return a.minTimeNs < b.minTimeNs ? -1 : 1;
  return a.segmentId < b.segmentId ? -1 : 1;
}
