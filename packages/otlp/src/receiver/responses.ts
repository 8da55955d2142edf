import type { Signal } from '@lakewright/core';
import { ProtoWriter } from '../wire/writer.ts';
import { type ExportFailure, FAILURES } from './failure.ts';

/** The two encodings of OTLP over HTTP; gRPC uses the first. */
export type Format = 'protobuf' | 'json';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

const REJECTED_FIELD: Readonly<Record<Signal, string>> = {
  logs: 'rejectedLogRecords',
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
};

/** What became of a request that was taken. */
export interface ExportResult {
  readonly rejected: number;
  /** Why records were rejected, and warnings; empty when there is nothing to say. */
  readonly message: string;
}

/** Export{Logs,Trace,Metrics}ServiceResponse: empty on full success, else with partial_success. */
export function encodeResult(signal: Signal, format: Format, result: ExportResult): Buffer {
  const { rejected, message } = result;
  const full = rejected === 0 && message === '';
  if (format === 'json') {
    // int64 is a string in protobuf's JSON, and a default value is left out.
    const count = rejected > 0 ? { [REJECTED_FIELD[signal]]: String(rejected) } : {};
    return Buffer.from(JSON.stringify(full ? {} : { partialSuccess: { ...count, errorMessage: message } }));
  }
  const writer = new ProtoWriter(256);
  if (!full) {
    writer.message(1, () => {
      if (rejected > 0) writer.varint(1, rejected);
      if (message !== '') writer.string(2, message);
    });
  }
  return Buffer.from(writer.finish());
}

/** google.rpc.Status{code = 1, message = 2, details = 3}, with RetryInfo when trying again may help. */
export function encodeStatus(format: Format, failure: ExportFailure): Buffer {
  const code = FAILURES[failure.kind].grpc;
  const { message, retryAfterSeconds } = failure;
  if (format === 'json') {
    const type = 'type.googleapis.com/google.rpc.RetryInfo';
    const details =
      retryAfterSeconds === undefined
        ? {}
        : { details: [{ '@type': type, retryDelay: `${retryAfterSeconds}s` }] };
    return Buffer.from(JSON.stringify({ code, message, ...details }));
  }
  const writer = new ProtoWriter(256);
  writer.varint(1, code);
  writer.string(2, message);
  if (retryAfterSeconds !== undefined) writer.message(3, () => retryInfo(writer, retryAfterSeconds));
  return Buffer.from(writer.finish());
}

/** Any{type_url = 1, value = 2} with RetryInfo{Duration retry_delay = 1 {seconds = 1}} in it. */
function retryInfo(writer: ProtoWriter, seconds: number): void {
  writer.string(1, 'type.googleapis.com/google.rpc.RetryInfo');
  writer.message(2, () => writer.message(1, () => writer.varint(1, seconds)));
}
