import { LakewrightError } from '@lakewright/core';

/** A handler broke its contract: it answered with a key that it did not put, or put after it had ended. */
export class HandlerError extends LakewrightError {
  constructor(message: string, options?: { hint?: string }) {
    super('HANDLER', message, options);
  }
}

/** A completion record is there and cannot be read. */
export class CompletionError extends LakewrightError {
  readonly key: string;
  constructor(key: string, message: string) {
    super('COMPLETION', `${key}: ${message}`, {
      hint: 'a completion is a JSON array of the keys of the outputs',
    });
    this.key = key;
  }
}
