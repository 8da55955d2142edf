/** Takes one more 32-bit word into a hash of a table: one multiplication, whose high bits go down to the low ones. */
export function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** A hash after its last word, with all of it in the low bits, by which a slot is found. */
export function settled(hash: number): number {
  const product = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return product ^ (product >>> 16);
}
