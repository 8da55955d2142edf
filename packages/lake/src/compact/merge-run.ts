import { createHash } from 'node:crypto';
import { messageOf } from '@lakewright/core';
import type { Catalog, MergeCandidate } from '../catalog/index.ts';
import { keepClaim } from '../keep-claim.ts';
import { segmentKey } from '../segment-keys.ts';
import type { Segment } from '../types.ts';
import type { CompactContext } from './context.ts';
import { withInputFiles } from './input-files.ts';
import type { PlannedMerge } from './plan.ts';

export type MergeOutcome =
  | { readonly kind: 'merged'; readonly output: Segment }
  /** Another worker has one of the inputs. */
  | { readonly kind: 'taken' };

/**
 * Takes one planned merge from its claim to its publication. What dies on the way leaves its claim, which
 * expires, and at worst an object that nobody names: the retry writes it again under the same key, with the
 * same bytes. Throws UnmergeableError, ClaimLostError, UnavailableError; the claim is given back then.
 */
export async function runMerge(
  context: CompactContext,
  merge: PlannedMerge<MergeCandidate>,
): Promise<MergeOutcome> {
  const { catalog, logger, settings } = context;
  const { inputs, level } = merge;
  const { owner } = settings;
  if (!(await catalog.merges.claim(owner, inputs))) return { kind: 'taken' };
  const stop = new AbortController();
  const { leaseMs } = catalog.merges;
  const renew = () => catalog.merges.renew(owner, inputs);
  const renewing = keepClaim({ what: 'a merge', leaseMs, logger, renew }, stop.signal);
  try {
    const output = await makeOutput(context, inputs);
    await catalog.merges.publish({ owner, inputs, output, level });
    return { kind: 'merged', output };
  } catch (error) {
    await giveBack(catalog, owner, inputs, context);
    throw error;
  } finally {
    stop.abort();
    await renewing;
  }
}

/** Makes the merged object and stores it. */
async function makeOutput(
  { store, places, merger }: CompactContext,
  inputs: readonly MergeCandidate[],
): Promise<Segment> {
  const { organization, table } = inputs[0];
  // Before the work: the organization may lose its place meanwhile.
  const base = places.baseOf(organization);
  const parts = await withInputFiles(store, inputs, (paths) =>
    merger.merge({ table, inputs: inputs.map(({ key, rows }, i) => ({ key, rows, path: paths[i] })) }),
  );
  const described = describe(inputs);
  const segmentId = outputId(inputs);
  const key = segmentKey(organization, table, described.minTimeNs, segmentId, base);
  const { size } = await store.put(key, bodyOf(parts));
  return { organization, table, segmentId, key, bytes: size, ...described };
}

/** Equal inputs give an equal id, so that a retry writes the same object again. */
export function outputId(inputs: readonly Segment[]): string {
  const hash = createHash('sha256').update(`merge\0${inputs[0].table}`);
  for (const { segmentId } of inputs) hash.update(`\0${segmentId}`);
  return hash.digest('hex').slice(0, 32);
}

/** What the output holds is what its inputs hold. */
function describe(
  inputs: readonly Segment[],
): Pick<Segment, 'rows' | 'minTimeNs' | 'maxTimeNs' | 'services'> {
  return {
    rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
    minTimeNs: inputs.map(({ minTimeNs }) => minTimeNs).reduce((a, b) => (a < b ? a : b)),
    maxTimeNs: inputs.map(({ maxTimeNs }) => maxTimeNs).reduce((a, b) => (a > b ? a : b)),
    services: [...new Set(inputs.flatMap(({ services }) => services))].sort(),
  };
}

async function* bodyOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** A claim that cannot be given back now expires by itself. */
async function giveBack(
  catalog: Catalog,
  owner: string,
  inputs: readonly Segment[],
  { logger }: CompactContext,
): Promise<void> {
  await catalog.merges.giveBack(owner, inputs).catch((error: unknown) => {
    logger.log('warn', 'the claim of a merge could not be given back', { error: messageOf(error) });
  });
}
