/** Bytes from `start` up to and without `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The fewest ranges that hold all of `ranges`, which are in order and do not overlap, where no more than
 * `maxGapBytes` that nobody asked for come between two of them; cut where they are longer than `maxReadBytes`.
 */
export function readsOf(
  ranges: readonly Range[],
  { maxGapBytes, maxReadBytes }: { readonly maxGapBytes: number; readonly maxReadBytes: number },
): Range[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && start - last.end <= maxGapBytes) last.end = end;
    else joined.push({ start, end });
  }
  return joined.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / maxReadBytes);
    return Array.from({ length: count }, (_, i) => ({
      start: start + i * maxReadBytes,
      end: Math.min(end, start + (i + 1) * maxReadBytes),
    }));
  });
}
