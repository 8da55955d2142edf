/** An etag as the house has it, from one in a header: without the quotes. */
export function unquoted(etag = ''): string {
  return etag.replace(/^(?:W\/)?"(.*)"$/, '$1');
}

/** An etag as a header has it. */
export function quoted(etag: string): string {
  return `"${unquoted(etag)}"`;
}
