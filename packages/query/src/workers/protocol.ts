import { createHash } from 'node:crypto';

/** Where a worker takes units; the query says how long it may take for one. */
export const UNITS_PATH = '/units';
export const unitsPath = (seconds: number): string => `${UNITS_PATH}?seconds=${seconds}`;

/** Headers of a worker's answers. */
export const HEADERS = {
  /** SHA-256 of the body, hex. */
  digest: 'x-lakewright-digest',
  /** Over what the answer says and the nonce of the request. */
  signature: 'x-lakewright-signature',
  /** Rows of the answer. */
  rows: 'x-lakewright-rows',
  /** Bytes of the segments that were needed for it. */
  bytesRead: 'x-lakewright-bytes-read',
} as const;

/** Codes of the errors of a worker that are not the unit's fault. */
export const BUSY = 'BUSY';
export const DRAINING = 'DRAINING';

/** What `GET /ready` of a worker answers. */
export interface WorkerReport {
  readonly ready: boolean;
  /** Units that it runs at a time. */
  readonly capacity: number;
  readonly running: number;
}

/** SHA-256, hex. */
export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');
