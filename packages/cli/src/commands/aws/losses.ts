import type { ChangeLine } from '@lakewright/deploy';
import { UsageError } from '../../errors.ts';

/** With --yes alone nobody agreed to lose data. Throws UsageError, with `hint`, when `changes` would. */
export function refuseLosses(changes: readonly ChangeLine[], hint: string): void {
  const names = changes.filter(({ losesData }) => losesData).map(({ logicalId }) => logicalId);
  if (names.length === 0) return;
  throw new UsageError(`--yes alone does not replace or remove what holds data: ${names.join(', ')}`, {
    hint,
  });
}
