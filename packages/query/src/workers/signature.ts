import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, ConfigError } from '@lakewright/core';

/** Characters that a shared key has at least. */
export const MIN_KEY_LENGTH = 32;

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** SHA-256 of the body, hex. */
  readonly digest: string;
}

/** What of an answer is signed. */
export interface SignedAnswer {
  readonly status: number;
  /** SHA-256 of the body, hex. */
  readonly digest: string;
  /** As the answer tells them; 0 of an error. */
  readonly rows: number;
  readonly bytesRead: number;
  /** Of the request that is answered: an answer to another request does not pass. */
  readonly nonce: string;
}

/** Signs what query API and workers tell each other with a key that both have: HMAC-SHA256. */
export interface Signer {
  /** The value of the Authorization header, and the nonce in it. */
  request(request: SignedRequest): { readonly authorization: string; readonly nonce: string };
  answer(answer: SignedAnswer): string;
  isAnswer(answer: SignedAnswer, signature: string): boolean;
  /**
   * The nonce of a request whose header is right, of these seconds and seen for the first time; otherwise why
   * it is not.
   */
  check(
    request: SignedRequest,
    authorization: string | undefined,
  ): { readonly nonce: string } | { readonly refused: string };
}

/** Milliseconds that the clocks of two machines may differ, and that a signed request may take to arrive. */
export const SIGNATURE_WINDOW_MS = 60_000;
/** Nonces that are remembered; they are forgotten when their time is over. */
const MAX_NONCES = 1_000_000;

const HEADER = /^Lakewright-HMAC-SHA256 time=(\d{1,15}), nonce=([0-9a-f]{32}), signature=([0-9a-f]{64})$/;

/**
 * A signer with the key of `TOKEN_HMAC256_KEY`. Throws ConfigError when it is too short to be a secret; the
 * key itself is in no message.
 */
export function createSigner(key: string, clock: Clock): Signer {
  if (key.length < MIN_KEY_LENGTH) {
    throw new ConfigError(
      `the key that query API and workers share has fewer than ${MIN_KEY_LENGTH} characters`,
      {
        hint: 'put the same long random text into TOKEN_HMAC256_KEY of each: openssl rand -hex 32',
      },
    );
  }
  const seen = new Nonces();
  const sign = (...parts: readonly (string | number)[]) =>
    createHmac('sha256', key).update(parts.join('\n')).digest('hex');
  const requestSignature = ({ method, path, digest }: SignedRequest, time: string, nonce: string) =>
    sign('lakewright request 1', method, path, digest, time, nonce);
  const answerSignature = ({ status, digest, rows, bytesRead, nonce }: SignedAnswer) =>
    sign('lakewright answer 1', status, digest, rows, bytesRead, nonce);

  return {
    request(request) {
      const nonce = randomBytes(16).toString('hex');
      const time = String(clock.now());
      const signature = requestSignature(request, time, nonce);
      return {
        nonce,
        authorization: `Lakewright-HMAC-SHA256 time=${time}, nonce=${nonce}, signature=${signature}`,
      };
    },
    answer: answerSignature,
    isAnswer: (answer, signature) => isEqual(answerSignature(answer), signature),
    check(request, authorization) {
      const [, time, nonce, signature] = HEADER.exec(authorization ?? '') ?? [];
      if (signature === undefined) return { refused: 'the request is not signed' };
      if (!isEqual(requestSignature(request, time, nonce), signature)) {
        return { refused: 'the signature is not right: is TOKEN_HMAC256_KEY the same on both sides?' };
      }
      const now = clock.now();
      if (Math.abs(now - Number(time)) > SIGNATURE_WINDOW_MS) {
        return {
          refused: `the request was signed ${Math.round((now - Number(time)) / 1000)} s ago: do the clocks agree?`,
        };
      }
      return seen.add(nonce, now) ? { nonce } : { refused: 'the request was made before' };
    },
  };
}

function isEqual(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** The nonces of the last two windows: a request is refused for its age before its nonce is forgotten. */
class Nonces {
  readonly #until = new Map<string, number>();

  /** Whether `nonce` is new, and there is room to remember it. */
  add(nonce: string, now: number): boolean {
    for (const [old, until] of this.#until) {
      if (until >= now) break;
      this.#until.delete(old);
    }
    if (this.#until.has(nonce) || this.#until.size >= MAX_NONCES) return false;
    this.#until.set(nonce, now + 2 * SIGNATURE_WINDOW_MS + 1);
    return true;
  }
}
