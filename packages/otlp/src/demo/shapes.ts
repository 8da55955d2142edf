import { ProtoWriter } from '../wire/writer.ts';
import { keyValue, keyValues, resourceMessage, scopeMessage } from './encode.ts';
import type { DemoBatch } from './index.ts';
import { Random } from './random.ts';

/**
 * Shapes of real OTLP that are harder on a lake than the shop's: every record with a resource of its own,
 * records with 30 attributes, records with 4 KB of text.
 */
export const SHAPES = ['many-resources', 'wide-attributes', 'long-bodies'] as const;
export type Shape = (typeof SHAPES)[number];

const WIDE_ATTRIBUTES = 30;
const LONG_BODY_BYTES = 4096;
const MICROS_BETWEEN = 100n;

/**
 * `count` log records of one shape as one request. `seed` and `startNs` (time of the first record, ns since
 * the epoch) make it repeatable; records are 100 µs apart.
 */
export function shapeRequest(
  shape: Shape,
  count: number,
  options: { readonly seed: number; readonly startNs: bigint },
): DemoBatch {
  const random = new Random(options.seed, 4 + SHAPES.indexOf(shape));
  const writer = new ProtoWriter(1 << 20);
  const time = (n: number) => options.startNs + BigInt(n) * MICROS_BETWEEN * 1000n;
  if (shape === 'many-resources') {
    for (let n = 0; n < count; n++) {
      group(writer, jobResource(n), () => plainRecord(writer, random, time(n)));
    }
  } else {
    const write = shape === 'wide-attributes' ? wideRecord : longRecord;
    group(writer, gatewayResource, () => {
      for (let n = 0; n < count; n++) write(writer, random, time(n));
    });
  }
  return { signal: 'logs', body: writer.finish(), records: count };
}

const scope = scopeMessage('shop.jobs', '1.0.0');
const gatewayResource = resourceMessage({
  'service.name': 'gateway',
  'service.namespace': 'edge',
  'service.instance.id': 'gateway-0',
  'service.version': '7.1.0',
});

/** The resource of a short-lived job: its name comes back, its instance never does. */
function jobResource(n: number): Uint8Array {
  return resourceMessage({
    'service.name': `job-${n % 40}`,
    'service.namespace': 'batch',
    'service.instance.id': `job-${n % 40}-${n.toString(36)}`,
    'k8s.pod.name': `job-${n % 40}-${n.toString(36)}`,
    'k8s.namespace.name': 'batch',
    'host.name': `node-${n % 17}`,
  });
}

function group(writer: ProtoWriter, resource: Uint8Array, records: () => void): void {
  writer.message(1, () => {
    writer.bytes(1, resource);
    writer.message(2, () => {
      writer.bytes(1, scope);
      records();
    });
  });
}

function record(writer: ProtoWriter, timeNs: bigint, body: string, attributes: readonly Uint8Array[]): void {
  writer.message(2, () => {
    writer.fixed64(1, timeNs);
    writer.varint(2, 9);
    writer.string(3, 'INFO');
    writer.message(5, () => writer.string(1, body));
    for (const attribute of attributes) writer.bytes(6, attribute);
    writer.fixed64(11, timeNs);
  });
}

const plainAttributes = keyValues({ 'job.kind': 'nightly', 'job.attempt': 1 });

function plainRecord(writer: ProtoWriter, random: Random, timeNs: bigint): void {
  record(writer, timeNs, `job finished after ${random.popular(600)} s`, plainAttributes);
}

const wideKeys = Array.from({ length: WIDE_ATTRIBUTES }, (_, n) => `request.header.x-field-${n}`);

/** A third of the attributes always the same, a third from a small set, a third numbers. */
function wideRecord(writer: ProtoWriter, random: Random, timeNs: bigint): void {
  const attributes = wideKeys.map((key, n) => {
    if (n % 3 === 0) return keyValue(key, `constant-${n}`);
    if (n % 3 === 1) return keyValue(key, `choice-${random.popular(50)}`);
    return keyValue(key, random.below(100_000));
  });
  record(writer, timeNs, 'request forwarded', attributes);
}

const WORDS =
  'at java.base shop Service Handler invoke process commit rollback thread worker pool timeout session ' +
  'connection reset while reading response header body null pointer index out of bounds cause suppressed';
const vocabulary = WORDS.split(' ');

/** A stack trace's worth of text. */
function longRecord(writer: ProtoWriter, random: Random, timeNs: bigint): void {
  const lines: string[] = [];
  let length = 0;
  while (length < LONG_BODY_BYTES) {
    const line = `\tat ${random.pick(vocabulary)}.${random.pick(vocabulary)}(${random.pick(vocabulary)}.java:${random.below(900)})`;
    lines.push(line);
    length += line.length + 1;
  }
  record(writer, timeNs, lines.join('\n').slice(0, LONG_BODY_BYTES), plainAttributes);
}
