import { isUtf8 } from 'node:buffer';
import { LimitError, type Logger, messageOf, type Signal, UnavailableError } from '@lakewright/core';
import type { Authenticator, Headers } from '../auth/authenticator.ts';
import { JsonError, WireError } from '../errors.ts';
import { jsonToProto } from '../json/transcode.ts';
import type { RawSink } from '../sink.ts';
import { type Inspection, inspectRequest } from '../wire/inspect.ts';
import type { Admission, Ticket } from './admission.ts';
import { Decompressor, isKnownEncoding, tooLarge } from './decompress.ts';
import { ExportFailure, FAILURES } from './failure.ts';
import type { ReceiverLimits } from './limits.ts';
import type { ReceiverMetrics } from './metrics.ts';
import type { IngestQuota } from './quota.ts';
import type { ExportResult, Format } from './responses.ts';
import { collectorOf, organizationOf, type Senders } from './senders.ts';

const SINK_RETRY_SECONDS = 5;
const SINK_LIMIT_RETRY_SECONDS = 1;

/** One export request, as a transport hands it over. */
export interface ExportCall {
  readonly signal: Signal;
  readonly transport: 'http' | 'grpc';
  readonly headers: Headers;
  /** Undefined when the content type is not one of OTLP's. */
  readonly format: Format | undefined;
  /** Content-Encoding, lower-case; `identity` for none. */
  readonly encoding: string;
  /** Reads the body, counting each piece with the ticket. */
  readBody(ticket: Ticket): Promise<Buffer>;
}

export interface PipelineDeps {
  readonly sink: RawSink;
  readonly auth: Authenticator;
  readonly senders: Senders;
  readonly limits: ReceiverLimits;
  readonly logger: Logger;
  readonly metrics: ReceiverMetrics;
  readonly admission: Admission;
  readonly quota: IngestQuota | undefined;
}

/**
 * What happens to every export request, whatever brought it: authenticate, admit, read, decompress, transcode,
 * inspect, store durably. Nothing is answered with success before the sink has it.
 */
export class ExportPipeline {
  readonly #deps: PipelineDeps;
  readonly #decompressor: Decompressor;

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
    this.#decompressor = new Decompressor(deps.limits);
  }

  /** Takes the request or says, as an ExportFailure, why nothing of it is stored. Never rejects. */
  async handle(call: ExportCall): Promise<ExportResult | ExportFailure> {
    try {
      const result = await this.#export(call);
      this.#count(call, call.transport === 'http' ? '200' : 'OK');
      return result;
    } catch (error) {
      const failure = this.#failureOf(error, call.signal);
      const { http, grpcName } = FAILURES[failure.kind];
      this.#count(call, call.transport === 'http' ? String(http) : grpcName);
      return failure;
    }
  }

  async #export(call: ExportCall): Promise<ExportResult> {
    const { signal, headers, format, encoding } = call;
    const { auth, senders } = this.#deps;
    const organization = organizationOf(headers, auth, senders);
    this.#deps.quota?.admit(organization);
    const collector = collectorOf(headers, senders);
    if (format === undefined) {
      throw new ExportFailure(
        'unsupported',
        'unsupported Content-Type; send application/x-protobuf or application/json',
      );
    }
    if (!isKnownEncoding(encoding)) {
      throw new ExportFailure(
        'unsupported',
        'unsupported Content-Encoding; send identity, gzip, deflate or zstd',
      );
    }
    const ticket = this.#deps.admission.enter();
    try {
      const sent = await this.#plainBody(call, ticket);
      this.#deps.quota?.charge(organization, sent.length);
      const whole = format === 'json' && sent.length > 0 ? this.#transcode(signal, sent, ticket) : sent;
      const { body, inspection } = this.#inspect(organization, signal, whole);
      const { records } = inspection;
      if (records > 0) await this.#deps.sink.accept({ organization, collector, signal, body, records });
      this.#deps.metrics.records.inc({ signal }, records);
      this.#deps.metrics.rejected.inc({ signal }, inspection.rejected);
      const repaired = format === 'json' && !isUtf8(sent);
      return { rejected: inspection.rejected, message: explain(inspection, repaired) };
    } finally {
      ticket.release();
    }
  }

  /** What of a request is stored, and what is said of the rest. */
  #inspect(
    organization: string,
    signal: Signal,
    whole: Uint8Array,
  ): { body: Uint8Array; inspection: Inspection } {
    const inspection = inspectRequest(signal, whole);
    const { quota } = this.#deps;
    if (signal !== 'metrics' || quota === undefined) return { body: whole, inspection };
    const { body, reasons } = quota.withoutExcess(organization, whole);
    if (body === whole) return { body, inspection };
    const kept = inspectRequest(signal, body);
    const points = inspection.records + inspection.rejected - kept.records - kept.rejected;
    quota.countExcess(organization, points);
    const rejected = kept.rejected + points;
    return { body, inspection: { ...kept, rejected, reasons: [...kept.reasons, ...reasons] } };
  }

  async #plainBody(call: ExportCall, ticket: Ticket): Promise<Buffer> {
    const sent = await call.readBody(ticket);
    const { maxRequestBytes } = this.#deps.limits;
    if (sent.length > maxRequestBytes) throw tooLarge(maxRequestBytes);
    const body = await this.#decompressor.decompress(call.encoding, sent);
    if (body !== sent) {
      ticket.drop(sent.length);
      ticket.hold(body.length);
    }
    this.#deps.metrics.requestBytes.inc(body.length);
    return body;
  }

  #transcode(signal: Signal, json: Buffer, ticket: Ticket): Uint8Array {
    const body = jsonToProto(signal, json);
    ticket.drop(json.length);
    ticket.hold(body.length);
    return body;
  }

  #count(call: ExportCall, code: string): void {
    this.#deps.metrics.requests.inc({ signal: call.signal, transport: call.transport, code });
  }

  #failureOf(error: unknown, signal: Signal): ExportFailure {
    if (error instanceof ExportFailure) return error;
    if (error instanceof WireError || error instanceof JsonError) {
      return new ExportFailure('invalid', error.message, { cause: error });
    }
    if (error instanceof LimitError) {
      const message = `${error.limit}: ${error.message}`;
      return new ExportFailure('overloaded', message, {
        retryAfterSeconds: SINK_LIMIT_RETRY_SECONDS,
        cause: error,
      });
    }
    const known = error instanceof UnavailableError;
    this.#deps.logger.log('error', 'export request not stored', { signal, error: messageOf(error) });
    return new ExportFailure('unavailable', known ? error.message : 'the request could not be stored', {
      retryAfterSeconds: known ? Math.max(1, Math.ceil(error.retryAfterSeconds)) : SINK_RETRY_SECONDS,
      cause: error,
    });
  }
}

function explain(inspection: Inspection, jsonRepaired: boolean): string {
  const { rejected, reasons, warnings } = inspection;
  const parts: string[] = [];
  if (rejected > 0) parts.push(`${rejected} rejected: ${reasons.join('; ')}`);
  if (jsonRepaired) parts.push('the JSON is not valid UTF-8: stored with U+FFFD');
  return [...parts, ...warnings].join('; ');
}
