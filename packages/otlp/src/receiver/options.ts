import { ConfigError, type Logger, messageOf } from '@lakewright/core';
import type { Registry } from 'prom-client';
import type { Authenticator } from '../auth/authenticator.ts';
import { assertBindAllowed } from '../auth/bind.ts';
import type { RawSink } from '../sink.ts';
import { Admission } from './admission.ts';
import { DEFAULT_RECEIVER_LIMITS, type ReceiverLimits } from './limits.ts';
import { receiverMetrics } from './metrics.ts';
import { ExportPipeline } from './pipeline.ts';
import type { IngestQuota } from './quota.ts';
import { checkSenders, type Senders } from './senders.ts';

export interface ReceiverOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly sink: RawSink;
  readonly auth: Authenticator;
  /** Whose requests are taken; without it those of every key. */
  readonly senders?: Senders;
  /** Those that differ from DEFAULT_RECEIVER_LIMITS. */
  readonly limits?: Partial<ReceiverLimits>;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Give the same to several receivers to bound them together; alone each has its own. */
  readonly admission?: Admission;
  /** What organizations may send; the same for all receivers of a process. Without it: whatever they do. */
  readonly quota?: IngestQuota;
}

export interface Receiver {
  readonly port: number;
  /** Stops accepting and resolves when the requests in flight are answered, or cut off after the grace. */
  close(): Promise<void>;
}

/** Bounds on requests and bytes in flight, to share among receivers. */
export function createAdmission(limits: Partial<ReceiverLimits>, metrics: Registry): Admission {
  return new Admission({ ...DEFAULT_RECEIVER_LIMITS, ...limits }, receiverMetrics(metrics));
}

/** The settled limits and the pipeline behind a receiver. Throws ConfigError for a bind that needs keys, and senders that cannot be. */
export function prepare(options: ReceiverOptions): { limits: ReceiverLimits; pipeline: ExportPipeline } {
  const { host, sink, auth, logger, quota } = options;
  assertBindAllowed(host, auth.enforced);
  const limits = { ...DEFAULT_RECEIVER_LIMITS, ...options.limits };
  const metrics = receiverMetrics(options.metrics);
  const senders = checkSenders(options.senders ?? {});
  const admission = options.admission ?? new Admission(limits, metrics);
  const deps = { sink, auth, senders, limits, logger, metrics, admission, quota };
  return { limits, pipeline: new ExportPipeline(deps) };
}

/** Why a receiver could not be started, in words that name the address. */
export function listenError(protocol: string, host: string, port: number, error: unknown): ConfigError {
  const inUse = /EADDRINUSE|address already in use/i.test(messageOf(error));
  const why = inUse ? 'the port is in use' : messageOf(error);
  return new ConfigError(`${protocol}: cannot listen on ${host}:${port}: ${why}`, { cause: error });
}
