/** What `Fn::GetAZs` gives of a region: three zones, as most regions have at least. */
export function zones(region: string): string[] {
  return ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
}

/**
 * `count` IPv4 blocks with `hostBits` bits for hosts from the start of `block`, as `Fn::Cidr` cuts them; a text says
 * why it cannot.
 */
export function blocks(block: string, count: number, hostBits: number): string[] | string {
  const match = block.match(/^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/);
  const bytes = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (match === null || bytes.some((byte) => byte > 255) || prefix > 32) return `${block} is no IPv4 block`;
  if (!Number.isInteger(count) || count < 1 || count > 256) return 'the count is 1 to 256';
  if (!Number.isInteger(hostBits) || hostBits < 1 || hostBits > 32) return 'the host bits are 1 to 32';
  const size = 2 ** hostBits;
  const whole = 2 ** (32 - prefix);
  if (size * count > whole) return `${block} has no room for ${count} blocks of ${size} addresses`;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const start = address - (address % whole);
  return Array.from({ length: count }, (_, index) => `${dotted(start + index * size)}/${32 - hostBits}`);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
