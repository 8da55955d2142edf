import { LakewrightError } from '@lakewright/core';

/** The command line itself was wrong: exit code 2. */
export class UsageError extends LakewrightError {
  constructor(message: string, options?: { hint?: string }) {
    super('USAGE', message, options);
  }
}

/** The server answered with an error. `code` is the server's own. */
export class ApiError extends LakewrightError {
  readonly status: number;
  constructor(status: number, code: string, message: string, options?: { hint?: string }) {
    super(code, message, options);
    this.status = status;
  }
}

/** No server answered at all. */
export class UnreachableError extends LakewrightError {
  constructor(url: string, options?: { cause?: unknown }) {
    super('UNREACHABLE', `nothing answers at ${url}`, {
      hint: 'start it with `lakewright up`, or name another address with --url or --endpoint',
      ...options,
    });
  }
}
