/** Whether every address of the IPv4 block `inner` is in `outer`. A text that is no block is in none, and holds none. */
export function blockHolds(outer: string, inner: string): boolean {
  const a = blockOf(outer);
  const b = blockOf(inner);
  if (a === undefined || b === undefined) return false;
  return a.bits <= b.bits && Math.floor(a.first / size(a.bits)) === Math.floor(b.first / size(a.bits));
}

function blockOf(text: string): { first: number; bits: number } | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (found === null) return undefined;
  const [a, b, c, d, bits] = found.slice(1).map(Number);
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined;
  return { first: ((a * 256 + b) * 256 + c) * 256 + d, bits };
}

function size(bits: number): number {
  return 2 ** (32 - bits);
}
