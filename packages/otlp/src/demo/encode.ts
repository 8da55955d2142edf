import { ProtoWriter } from '../wire/writer.ts';

export type AttributeValue = string | number | boolean;

/** A KeyValue message; whole numbers become ints, others doubles. */
export function keyValue(key: string, value: AttributeValue): Uint8Array {
  const writer = new ProtoWriter(64);
  writer.string(1, key);
  writer.message(2, () => {
    if (typeof value === 'string') writer.string(1, value);
    else if (typeof value === 'boolean') writer.bool(2, value);
    else if (Number.isInteger(value)) writer.varint(3, value);
    else writer.double(4, value);
  });
  return writer.finish();
}

/** KeyValue messages of an object's entries, in their order. */
export function keyValues(attributes: Readonly<Record<string, AttributeValue>>): readonly Uint8Array[] {
  return Object.entries(attributes).map(([key, value]) => keyValue(key, value));
}

const CACHED_INTS = 4096;

/** Makes KeyValue messages of one integer attribute and keeps those of small values. */
export function intAttribute(key: string): (value: number) => Uint8Array {
  const cache: Uint8Array[] = [];
  return (value) => {
    if (value < 0 || value >= CACHED_INTS) return keyValue(key, value);
    cache[value] ??= keyValue(key, value);
    return cache[value];
  };
}

/** A Resource message. */
export function resourceMessage(attributes: Readonly<Record<string, AttributeValue>>): Uint8Array {
  const writer = new ProtoWriter(512);
  for (const attribute of keyValues(attributes)) writer.bytes(1, attribute);
  return writer.finish();
}

/** An InstrumentationScope message. */
export function scopeMessage(name: string, version: string): Uint8Array {
  const writer = new ProtoWriter(64);
  writer.string(1, name);
  writer.string(2, version);
  return writer.finish();
}

/**
 * An export request under construction whose records are kept apart by resource and scope, as a
 * collector's batches are. The field numbers are the same for all three signals: request 1 resource group;
 * group 1 resource, 2 scope group; scope group 1 scope, 2 record.
 */
export class GroupedRequest {
  readonly #resources: readonly Uint8Array[];
  readonly #scopes: readonly Uint8Array[];
  readonly #buckets: (ProtoWriter | undefined)[];
  readonly #out = new ProtoWriter(1 << 16);

  constructor(resources: readonly Uint8Array[], scopes: readonly Uint8Array[]) {
    this.#resources = resources;
    this.#scopes = scopes;
    this.#buckets = new Array(resources.length * scopes.length).fill(undefined);
  }

  /** Where records of a resource and a scope are written, each as field 2. */
  bucket(resource: number, scope: number): ProtoWriter {
    const at = resource * this.#scopes.length + scope;
    let writer = this.#buckets[at];
    if (writer === undefined) {
      writer = new ProtoWriter(1 << 14);
      this.#buckets[at] = writer;
    }
    if (writer.length === 0) writer.bytes(1, this.#scopes[scope]);
    return writer;
  }

  /** Bytes that the request has by now, short of a few for each group's frame. */
  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets) size += bucket?.length ?? 0;
    return size;
  }

  /** The finished request; the next one starts empty. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.#out;
    out.reset();
    const width = this.#scopes.length;
    this.#resources.forEach((resource, index) => {
      const filled: ProtoWriter[] = [];
      for (const bucket of this.#buckets.slice(index * width, (index + 1) * width)) {
        if (bucket !== undefined && bucket.length > 0) filled.push(bucket);
      }
      if (filled.length === 0) return;
      out.message(1, () => {
        out.bytes(1, resource);
        for (const bucket of filled) {
          out.bytes(2, bucket.finish());
          bucket.reset();
        }
      });
    });
    return out.finish();
  }
}
