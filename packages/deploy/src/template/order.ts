/** Everything that `next` leads to from `start`, `start` apart. */
export function reachable(start: string, next: (id: string) => Iterable<string>): Set<string> {
  const found = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...next(id));
  }
  return found;
}

/** Ids that lead to each other in a circle, if any do. */
export function cycleIn(
  ids: readonly string[],
  next: (id: string) => Iterable<string>,
): string[] | undefined {
  const known = new Set(ids);
  const done = new Set<string>();
  const visit = (id: string, trail: string[]): string[] | undefined => {
    if (trail.includes(id)) return trail.slice(trail.indexOf(id));
    if (done.has(id)) return undefined;
    for (const each of next(id)) {
      const cycle = known.has(each) ? visit(each, [...trail, id]) : undefined;
      if (cycle !== undefined) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of ids) {
    const cycle = visit(id, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
