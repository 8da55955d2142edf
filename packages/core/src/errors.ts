/**
 * The root of every error that Lakewright throws on purpose. `code` is stable and machine-readable,
 * `message` says what was wrong and where, `hint` says what to do about it.
 */
export class LakewrightError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** What was asked for does not exist. */
export class NotFoundError extends LakewrightError {
  constructor(message: string, options?: { hint?: string; cause?: unknown }) {
    super('NOT_FOUND', message, options);
  }
}

/** Settings that cannot work: refused at start, never half-applied. */
export class ConfigError extends LakewrightError {
  constructor(message: string, options?: { hint?: string; cause?: unknown }) {
    super('CONFIG', message, options);
  }
}

/** Input that will never be accepted, however often it is sent. */
export class BadInputError extends LakewrightError {
  constructor(message: string, options?: { hint?: string; cause?: unknown }) {
    super('BAD_INPUT', message, options);
  }
}

/** The object is not, or no longer, the one that was expected. */
export class PreconditionError extends LakewrightError {
  constructor(message: string, options?: { hint?: string; cause?: unknown }) {
    super('PRECONDITION', message, options);
  }
}

/** A named limit was exceeded. `limit` is the limit's own name, as the documentation lists it. */
export class LimitError extends LakewrightError {
  readonly limit: string;
  constructor(limit: string, message: string, options?: { hint?: string; cause?: unknown }) {
    super('LIMIT', message, options);
    this.limit = limit;
  }
}

/** Nothing was stored and trying again later may work (a full disk, a service that is away). */
export class UnavailableError extends LakewrightError {
  /** Seconds after which a sender should try again. */
  readonly retryAfterSeconds: number;
  constructor(message: string, options: { hint?: string; cause?: unknown; retryAfterSeconds?: number } = {}) {
    super('UNAVAILABLE', message, options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? 5;
  }
}

/** The message of anything thrown, for places that only have room for one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
