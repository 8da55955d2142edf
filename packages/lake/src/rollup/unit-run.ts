import { createHash } from 'node:crypto';
import type { ObjectStore } from '@lakewright/core';
import type { RollupInput, RollupUnit } from '../catalog/index.ts';
import { keepClaim } from '../keep-claim.ts';
import { segmentKey } from '../segment-keys.ts';
import type { RollupTable } from '../tables.ts';
import type { Segment } from '../types.ts';
import type { RollupContext } from './context.ts';
import type { RolledTable } from './roll.ts';
import { dueAgainMs } from './settings.ts';

/** Inputs whose places are looked up at once, and segments that are stored at once. */
const LOOKUPS = 32;

export type UnitOutcome =
  | { readonly kind: 'rolled'; readonly inputRows: number; readonly segments: readonly Segment[] }
  /** Its rollup stays: see RollupInputs. */
  | { readonly kind: 'kept' };

/**
 * Takes one claimed hour to the publication of its rollup. What dies on the way leaves its claim, which expires,
 * and at worst objects that nobody names: the retry writes them again under the same keys, with the same bytes.
 * Throws UnreadableSegmentError, ClaimLostError, UnavailableError, NotFoundError when a segment was swept
 * meanwhile; the claim stays.
 */
export async function runUnit(context: RollupContext, unit: RollupUnit): Promise<UnitOutcome> {
  const { catalog, clock, logger, settings } = context;
  const { owner } = settings;
  const beganMs = clock.now();
  const stop = new AbortController();
  const { leaseMs } = catalog.rollups;
  const renew = () => catalog.rollups.renew(owner, unit);
  const renewing = keepClaim({ what: 'an hour', leaseMs, logger, renew }, stop.signal);
  try {
    const { inputs, version, isKept } = await catalog.rollups.inputs(owner, unit);
    if (isKept) {
      await catalog.rollups.keep(owner, unit, version);
      return { kind: 'kept' };
    }
    const segments = await makeSegments(context, unit, inputs);
    const nowMs = clock.now();
    const dueAtMs = dueAgainMs(unit.hour, nowMs, nowMs - beganMs, settings);
    await catalog.rollups.publish({ owner, unit, version, segments, dueAtMs });
    return { kind: 'rolled', segments, inputRows: inputs.reduce((sum, { rows }) => sum + rows, 0) };
  } finally {
    stop.abort();
    await renewing;
  }
}

async function makeSegments(
  { store, places, roller }: RollupContext,
  unit: RollupUnit,
  inputs: readonly RollupInput[],
): Promise<Segment[]> {
  if (inputs.length === 0) return [];
  // Before the work: the organization may lose its place meanwhile.
  const base = places.baseOf(unit.organization);
  const paths: string[] = [];
  for (let from = 0; from < inputs.length; from += LOOKUPS) {
    const batch = inputs.slice(from, from + LOOKUPS);
    paths.push(...(await Promise.all(batch.map(({ key }) => store.localPath(key)))));
  }
  const tables = await roller.roll({
    table: unit.table,
    hour: unit.hour,
    inputs: inputs.map(({ key, rows }, i) => ({ key, rows, path: paths[i] })),
  });
  return Promise.all(tables.map((table) => storeTable({ store, base }, unit, inputs, table)));
}

async function storeTable(
  { store, base }: { readonly store: ObjectStore; readonly base: string },
  unit: RollupUnit,
  inputs: readonly RollupInput[],
  { parquet, ...rolled }: RolledTable,
): Promise<Segment> {
  const { organization } = unit;
  const segmentId = rollupId(unit, rolled.table, inputs);
  const key = segmentKey(organization, rolled.table, rolled.minTimeNs, segmentId, base);
  const { size } = await store.put(key, parquet);
  return { organization, segmentId, key, bytes: size, ...rolled };
}

/** Equal inputs give an equal id, so that a retry writes the same object again. */
function rollupId(unit: RollupUnit, table: RollupTable, inputs: readonly RollupInput[]): string {
  const hash = createHash('sha256').update(`rollup\0${table}\0${unit.table}\0${unit.hour}`);
  for (const { segmentId } of inputs) hash.update(`\0${segmentId}`);
  return hash.digest('hex').slice(0, 32);
}
