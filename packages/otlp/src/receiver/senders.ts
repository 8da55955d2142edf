import { ConfigError, isOrganization } from '@lakewright/core';
import type { Authenticator, Headers } from '../auth/authenticator.ts';
import { ExportFailure } from './failure.ts';

/** Names the sender in the raw object's path; a request header or gRPC metadata. */
export const COLLECTOR_HEADER = 'x-lakewright-collector';

const DEFAULT_COLLECTOR = 'default';
/** As a folder's name: `.` and `..` are none. */
const COLLECTOR = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
const COLLECTOR_RULE = '1 to 64 characters of A-Z, a-z, 0-9, ".", "_", "-"';

/** Whose requests a receiver takes. */
export interface Senders {
  /** The only organization whose keys are taken, a UUID; any without it. */
  readonly organization?: string;
  /** The collector of requests that name none; `default` without it. */
  readonly collector?: string;
}

/** `senders`, its organization in lower case. Throws ConfigError for what is no UUID and no collector's name. */
export function checkSenders({ organization, collector }: Senders): Senders {
  const id = organization?.toLowerCase();
  if (id !== undefined && !isOrganization(id)) {
    throw new ConfigError(`the receiver's organization ${JSON.stringify(organization)} is not a UUID`);
  }
  if (collector !== undefined && !COLLECTOR.test(collector)) {
    throw new ConfigError(`the receiver's collector ${JSON.stringify(collector)} is not a name`, {
      hint: `use ${COLLECTOR_RULE}`,
    });
  }
  return { organization: id, collector };
}

/** Whose request it is. Throws ExportFailure for a request without a right key, and for one with another's. */
export function organizationOf(headers: Headers, auth: Authenticator, { organization }: Senders): string {
  const owner = auth.organizationOf(headers);
  if (owner === undefined) {
    throw new ExportFailure(
      'unauthenticated',
      'missing or wrong API key; send it as "Authorization: Bearer <key>" or x-cardinalhq-api-key',
    );
  }
  if (organization !== undefined && owner !== organization) {
    throw new ExportFailure(
      'forbidden',
      `the API key is another organization's; this receiver takes those of ${organization} alone`,
    );
  }
  return owner;
}

/** The collector that a request names. Throws ExportFailure for what is no name. */
export function collectorOf(headers: Headers, { collector = DEFAULT_COLLECTOR }: Senders): string {
  const name = headers[COLLECTOR_HEADER];
  if (name === undefined) return collector;
  if (typeof name !== 'string' || !COLLECTOR.test(name)) {
    throw new ExportFailure('invalid', `${COLLECTOR_HEADER}: expected ${COLLECTOR_RULE}`);
  }
  return name;
}
