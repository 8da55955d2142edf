import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type LakewrightError, LimitError, messageOf } from '@lakewright/core';
import { SegmentReadError } from '../errors.ts';
import type { ErrorBody } from '../http/error-body.ts';
import { BUSY, DRAINING, HEADERS, sha256, unitsPath } from './protocol.ts';
import type { SignedAnswer, Signer } from './signature.ts';

/** One unit for one worker. */
export interface Question {
  readonly address: string;
  /** The unit as `encodeUnit` has it. */
  readonly body: string;
  /** Where the answer goes: written anew. */
  readonly path: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called before each piece of the answer is written; what it throws ends the question. */
  readonly onBytes: (bytes: number) => void;
}

export interface Answered {
  readonly rows: number;
  /** Of the file; a file of no rows may be left unread. */
  readonly bytes: number;
  /** Of the segments, as the worker's SegmentFiles count it. */
  readonly bytesRead: number;
}

/** The worker, or the way to it, failed: another one may be asked. */
export class WorkerFailure extends Error {}

/** The worker has no place for the unit now: `draining` tells that it will not have one again. */
export class WorkerBusy extends Error {
  readonly draining: boolean;
  constructor(message: string, draining: boolean) {
    super(message);
    this.draining = draining;
  }
}

/** Bytes of an error that a worker tells. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Asks one worker once. Throws WorkerBusy, WorkerFailure, the unit's own error (SegmentReadError,
 * LimitError) as the worker told it, and what `onBytes` threw. An answer counts only when its signature is
 * right for this very request.
 */
export async function askWorker(question: Question, signer: Signer): Promise<Answered> {
  const { address, body, path, seconds, signal, onBytes } = question;
  const asked = { method: 'POST', path: unitsPath(seconds), digest: sha256(body) };
  const { authorization, nonce } = signer.request(asked);
  const timeout = AbortSignal.timeout(seconds * 1000);
  try {
    const response = await fetch(address + asked.path, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, timeout]),
    });
    if (response.status !== 200) throw await toldError(response, nonce, signer);
    const file = await open(path, 'w', 0o600);
    try {
      const rows = Number(response.headers.get(HEADERS.rows));
      const { bytes, digest } = await receive(response, onBytes, (chunk) => file.writeFile(chunk));
      const bytesRead = Number(response.headers.get(HEADERS.bytesRead));
      if (!isSigned(response, { digest, rows, bytesRead, nonce }, signer))
        throw new WorkerFailure('its answer is not signed by it');
      return { rows, bytes, bytesRead };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (signal.aborted || isVerdict(error)) throw error;
    if (timeout.aborted) throw new WorkerFailure(`it did not answer within ${seconds} s (maxUnitSeconds)`);
    throw new WorkerFailure(reasonOf(error));
  }
}

/** Errors that are about something else than the way to the worker. */
function isVerdict(error: unknown): boolean {
  return (
    error instanceof WorkerFailure ||
    error instanceof WorkerBusy ||
    error instanceof SegmentReadError ||
    error instanceof LimitError
  );
}

/** What fetch says is `fetch failed`; why stands in its cause. */
function reasonOf(error: unknown): string {
  const cause =
    error instanceof Error ? (error.cause as { code?: unknown; message?: unknown } | undefined) : undefined;
  return String(cause?.code ?? cause?.message ?? messageOf(error));
}

async function receive(
  response: Response,
  onBytes: (bytes: number) => void,
  write: (chunk: Uint8Array) => Promise<unknown>,
): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    onBytes(chunk.length);
    hash.update(chunk);
    bytes += chunk.length;
    await write(chunk);
  }
  return { bytes, digest: hash.digest('hex') };
}

function isSigned(response: Response, answer: Omit<SignedAnswer, 'status'>, signer: Signer): boolean {
  const { status, headers } = response;
  return signer.isAnswer({ status, ...answer }, headers.get(HEADERS.signature) ?? '');
}

async function toldError(response: Response, nonce: string, signer: Signer): Promise<Error> {
  const { status } = response;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const counted = (more: number) => {
    bytes += more;
    if (bytes > MAX_ERROR_BYTES) throw new WorkerFailure(`it answered ${status} with a long text`);
  };
  const { digest } = await receive(response, counted, async (chunk) => chunks.push(chunk));
  const error = parsed(Buffer.concat(chunks).toString('utf8'));
  if (!isSigned(response, { digest, rows: 0, bytesRead: 0, nonce }, signer)) {
    return new WorkerFailure(
      `it answered ${status} unsigned${error === undefined ? '' : `: ${error.message}`}`,
    );
  }
  if (error === undefined) return new WorkerFailure(`it answered ${status}`);
  if (error.code === BUSY || error.code === DRAINING)
    return new WorkerBusy(error.message, error.code === DRAINING);
  return ownError(error) ?? new WorkerFailure(error.message);
}

function parsed(text: string): ErrorBody['error'] | undefined {
  try {
    const { error } = JSON.parse(text) as Partial<ErrorBody>;
    return typeof error?.code === 'string' && typeof error.message === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the unit itself, wherever it is run. Time is not: another worker may be faster. */
function ownError({ code, message, hint, limit, segment }: ErrorBody['error']): LakewrightError | undefined {
  if (code === 'SEGMENT_UNREADABLE' && segment !== undefined) {
    return new SegmentReadError(segment, message.replace(`segment ${segment}: `, ''), { hint });
  }
  return code === 'LIMIT' && limit !== undefined && limit !== 'maxUnitSeconds'
    ? new LimitError(limit, message, { hint })
    : undefined;
}
