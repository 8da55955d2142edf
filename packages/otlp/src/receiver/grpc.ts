import { createServer } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { SIGNALS, type Signal } from '@lakewright/core';
import type { Headers } from '../auth/authenticator.ts';
import { ExportFailure, FAILURES } from './failure.ts';
import { listenError, prepare, type Receiver, type ReceiverOptions } from './options.ts';
import type { ExportPipeline } from './pipeline.ts';
import { encodeResult, encodeStatus } from './responses.ts';

const SERVICES: Readonly<Record<Signal, string>> = {
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
};

const same = (bytes: Buffer): Buffer => bytes;

/**
 * Serves OTLP/gRPC: the Export methods of the three collector services, plain or gzip. Bodies stay bytes.
 * Failures carry their gRPC code, and RetryInfo where trying again may help, as the OTLP specification asks.
 *
 * Throws ConfigError when the address cannot be listened on or would need API keys.
 */
export async function startGrpcReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { limits, pipeline } = prepare(options);
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxRequestBytes,
    'grpc.max_concurrent_streams': limits.maxConcurrentRequests,
  });
  for (const signal of SIGNALS) server.addService(serviceOf(signal), { Export: handlerOf(signal, pipeline) });
  const port = await bind(server, options.host, options.port);
  return { port, close: () => close(server, limits.closeGraceMs) };
}

function serviceOf(signal: Signal): ServiceDefinition {
  return {
    Export: {
      path: `/${SERVICES[signal]}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
}

function handlerOf(signal: Signal, pipeline: ExportPipeline) {
  return async (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): Promise<void> => {
    const outcome = await pipeline.handle({
      signal,
      transport: 'grpc',
      headers: headersOf(call.metadata),
      format: 'protobuf',
      // The gRPC library has undone its own compression, under the same limit.
      encoding: 'identity',
      async readBody(ticket) {
        ticket.hold(call.request.length);
        return call.request;
      },
    });
    if (!(outcome instanceof ExportFailure)) {
      answer(null, encodeResult(signal, 'protobuf', outcome));
      return;
    }
    const metadata = new Metadata();
    if (outcome.retryAfterSeconds !== undefined) {
      metadata.set('grpc-status-details-bin', encodeStatus('protobuf', outcome));
    }
    answer({ code: FAILURES[outcome.kind].grpc, details: outcome.message, metadata });
  };
}

function headersOf(metadata: Metadata): Headers {
  const headers: Record<string, string | string[]> = {};
  for (const key of Object.keys(metadata.getMap())) {
    const values = metadata.get(key).map(String);
    headers[key] = values.length === 1 ? values[0] : values;
  }
  return headers;
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  // The gRPC library does not say why it cannot listen, so a plain listener is asked first.
  if (port !== 0) await tryListening(host, port);
  const address = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(listenError('OTLP/gRPC', host, port, error));
    });
  });
}

function tryListening(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError('OTLP/gRPC', host, port, error)));
    probe.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }, () => probe.close(() => resolve()));
  });
}

/** Lets calls in flight finish; cuts off those that are not done within the grace. */
function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(cutOff);
      resolve();
    });
  });
}
