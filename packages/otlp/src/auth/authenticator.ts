import { timingSafeEqual } from 'node:crypto';
import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { type ApiKeys, sha256Of } from './keys.ts';

/** Request headers with lower-case names, as node:http gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Who may send and ask, and on whose behalf. */
export interface Authenticator {
  /** Whether requests need a key. */
  readonly enforced: boolean;
  /** The organization that the request's key belongs to, or undefined when it has no right key. */
  organizationOf(headers: Headers): string | undefined;
}

/**
 * Knows organizations by `Authorization: Bearer <key>` or `x-cardinalhq-api-key: <key>`; the bearer counts
 * when both are there. Without keys every request belongs to the default organization: only for loopback,
 * see assertBindAllowed.
 */
export function authenticator(keys: ApiKeys | undefined): Authenticator {
  if (keys === undefined) return { enforced: false, organizationOf: () => DEFAULT_ORGANIZATION };
  return {
    enforced: true,
    organizationOf(headers) {
      const sent = keyIn(headers);
      return sent === undefined ? undefined : ownerOf(keys, sha256Of(sent));
    },
  };
}

/** Compares with every key, so that the time taken does not tell which one was near. */
function ownerOf(keys: ApiKeys, sha256: Buffer): string | undefined {
  let owner: string | undefined;
  for (const entry of keys.entries) {
    if (timingSafeEqual(entry.sha256, sha256)) owner = entry.organization;
  }
  return owner;
}

function keyIn(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(single(headers.authorization) ?? '');
  return bearer === null ? single(headers['x-cardinalhq-api-key'])?.trim() : bearer[1];
}

/** A header that was sent twice is no proof of anything. */
function single(header: string | string[] | undefined): string | undefined {
  if (!Array.isArray(header)) return header;
  return header.length === 1 ? header[0] : undefined;
}
