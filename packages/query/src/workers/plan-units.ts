import type { DispatchLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';
import type { Unit, UnitSegment } from './unit.ts';

/** A worker as planning sees it. */
export interface PlannedWorker {
  readonly address: string;
  /** Units that it runs at a time. */
  readonly capacity: number;
}

/** A unit, and whose cache its segments are in when they are in one. */
export interface PlannedUnit {
  readonly unit: Unit;
  /** Hashing it ranks the workers for this unit. */
  readonly affinity: string;
}

/** Smaller units cost more to ask for than to read. */
const MIN_UNIT_BYTES = 8 * 1024 * 1024;

/**
 * Cuts the segments of one read into units: segments that the same worker has at hand together, in the order
 * they came, at most `maxUnitBytes` and `maxUnitSegments` each, and small enough to keep every place on every
 * worker busy. `read` is the unit but for its segments.
 */
export function planUnits(
  read: Omit<Unit, 'segments'>,
  segments: readonly UnitSegment[],
  workers: readonly PlannedWorker[],
  limits: Pick<DispatchLimits, 'maxUnitBytes' | 'maxUnitSegments'>,
): PlannedUnit[] {
  const homes = rendezvous(workers.map(({ address }) => address));
  const places = workers.reduce((sum, { capacity }) => sum + capacity, 0);
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const fair = Math.max(MIN_UNIT_BYTES, Math.ceil(total / Math.max(1, places)));
  const maxBytes = Math.min(limits.maxUnitBytes, fair);

  const shares = new Map<string, UnitSegment[]>();
  for (const segment of segments) {
    const home = homes.best(segment.key) ?? '';
    const share = shares.get(home);
    if (share === undefined) shares.set(home, [segment]);
    else share.push(segment);
  }
  return [...shares.values()].flatMap((share) =>
    cut(share, maxBytes, limits.maxUnitSegments).map((part) => ({
      unit: { ...read, segments: part },
      affinity: part[0].key,
    })),
  );
}

function cut(segments: readonly UnitSegment[], maxBytes: number, maxSegments: number): UnitSegment[][] {
  const parts: UnitSegment[][] = [];
  let bytes = 0;
  for (const segment of segments) {
    const last = parts.at(-1);
    if (last === undefined || last.length >= maxSegments || bytes + segment.bytes > maxBytes) {
      parts.push([segment]);
      bytes = segment.bytes;
    } else {
      last.push(segment);
      bytes += segment.bytes;
    }
  }
  return parts;
}
