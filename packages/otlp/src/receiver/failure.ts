import { LakewrightError } from '@lakewright/core';

/** How a refused request is told to its sender, over either transport. */
interface FailureCodes {
  readonly http: number;
  /** google.rpc.Code, also in the body of HTTP answers. */
  readonly grpc: number;
  readonly grpcName: string;
}

/** The ways in which an export request can fail. */
export const FAILURES = {
  invalid: { http: 400, grpc: 3, grpcName: 'INVALID_ARGUMENT' },
  unauthenticated: { http: 401, grpc: 16, grpcName: 'UNAUTHENTICATED' },
  forbidden: { http: 403, grpc: 7, grpcName: 'PERMISSION_DENIED' },
  notFound: { http: 404, grpc: 12, grpcName: 'UNIMPLEMENTED' },
  wrongMethod: { http: 405, grpc: 12, grpcName: 'UNIMPLEMENTED' },
  tooLarge: { http: 413, grpc: 8, grpcName: 'RESOURCE_EXHAUSTED' },
  unsupported: { http: 415, grpc: 3, grpcName: 'INVALID_ARGUMENT' },
  overloaded: { http: 429, grpc: 8, grpcName: 'RESOURCE_EXHAUSTED' },
  unavailable: { http: 503, grpc: 14, grpcName: 'UNAVAILABLE' },
} as const satisfies Readonly<Record<string, FailureCodes>>;
export type FailureKind = keyof typeof FAILURES;

/** An export request that was not taken: nothing of it is stored. */
export class ExportFailure extends LakewrightError {
  readonly kind: FailureKind;
  /** Seconds after which the same request may work; undefined when it never will. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super('EXPORT_REFUSED', message, options);
    this.kind = kind;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
