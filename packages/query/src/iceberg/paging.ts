import { badRequest } from './errors.ts';

/** How a client asks for a list. */
export interface PageQuery {
  readonly pageToken?: unknown;
  readonly pageSize?: unknown;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly next: string | null;
}

/** Names in one page when the client does not say how many it wants. */
const DEFAULT_PAGE_SIZE = 100;

/**
 * A page of `names`, in their order. Without a token all of them come at once, as the specification wants it; an
 * empty token asks for the first page. A token is the last name of the page before. Throws CatalogError.
 */
export function pageOf(names: readonly string[], { pageToken, pageSize }: PageQuery): Page<string> {
  const size = sizeOf(pageSize);
  if (pageToken === undefined) return { items: names, next: null };
  const from = pageToken === '' ? 0 : names.findIndex((name) => tokenOf(name) === pageToken) + 1;
  if (pageToken !== '' && from === 0) throw badRequest('pageToken is not one that was given for this list');
  const items = names.slice(from, from + size);
  return { items, next: from + size < names.length ? tokenOf(items[items.length - 1]) : null };
}

const tokenOf = (name: string) => Buffer.from(name).toString('base64url');

function sizeOf(pageSize: unknown): number {
  if (pageSize === undefined) return DEFAULT_PAGE_SIZE;
  if (typeof pageSize === 'string' && /^[1-9]\d{0,8}$/.test(pageSize)) return Number(pageSize);
  throw badRequest('pageSize is not a whole number above zero');
}
