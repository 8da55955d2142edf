import { LakewrightError } from '@lakewright/core';

/** Bytes that are not a valid protobuf message of the kind expected. The message says where. */
export class WireError extends LakewrightError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('WIRE', message, options);
  }
}

/** Text that is not OTLP/JSON. The message says where, as a path like `resourceLogs[0].resource`. */
export class JsonError extends LakewrightError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('JSON', message, options);
  }
}

/** Bytes that are not what their compression says. The message says where. */
export class CompressionError extends LakewrightError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('COMPRESSION', message, options);
  }
}
