import { LimitError, type ObjectDescription, type ObjectStore, type Rule } from '@lakewright/core';
import { v5 as uuidv5 } from 'uuid';
import { HandlerError } from './errors.ts';
import type { Output, Put } from './handler.ts';
import { rejectedAt } from './handler-time.ts';
import { KEPT_BYTES, lentBody } from './input-body.ts';
import { REFINE_LIMITS } from './limits.ts';

/** The namespace of output ids: the UUIDv5 of urn:lakewright:refine:output in the URL namespace. */
const OUTPUT_NAMESPACE = uuidv5('urn:lakewright:refine:output', uuidv5.URL);

/** The object that outputs are made of. `version` is its version id, or its etag where there are none. */
export interface Source {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

/**
 * The key of the output with `index` (from 0): below the rule's output prefix, the UUIDv5 of the JSON array
 * `[bucket, key, version, index]`, then `extension`. The same input always has the same outputs.
 */
export function outputKey(
  rule: Pick<Rule, 'outputPrefix'>,
  { bucket, key, version }: Source,
  index: number,
  extension: string,
): string {
  const id = uuidv5(JSON.stringify([bucket, key, version, index]), OUTPUT_NAMESPACE);
  return `${rule.outputPrefix}${id}${extension}`;
}

const EXTENSION = /\.[A-Za-z0-9]{1,16}$/;

/** The suffix of a key's last part with its dot, or nothing. */
export function extensionOf(key: string): string {
  return EXTENSION.exec(key.slice(key.lastIndexOf('/') + 1))?.[0] ?? '';
}

/** What one run of a handler writes. */
export class Outputs {
  readonly #store: ObjectStore;
  readonly #rule: Rule;
  readonly #source: Source;
  readonly #input: ObjectDescription;
  /** The input's bytes, to know a handler that copies them. */
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #pending: Promise<string>[] = [];
  #count = 0;
  #ended = false;

  constructor(
    store: ObjectStore,
    rule: Rule,
    input: { source: Source; description: ObjectDescription; body: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ) {
    this.#store = store;
    this.#rule = rule;
    this.#source = input.source;
    this.#input = input.description;
    this.#body = input.body;
    this.#signal = signal;
  }

  readonly put: Put = (output) => {
    const written = this.#write(output, this.#count++);
    // Of those beyond the limit one is enough to fail the object.
    if (this.#pending.length <= REFINE_LIMITS.maxOutputs) this.#pending.push(written);
    // A handler that does not wait for it must not end the process by that: `end` does.
    written.catch(() => undefined);
    return written;
  };

  /**
   * Checks the handler's answer, after everything that was put is written; nothing can be put any more.
   * Throws HandlerError, and what a put threw that the handler passed over.
   */
  async end(answer: unknown): Promise<string[]> {
    this.#ended = true;
    const written = new Set(await Promise.all(this.#pending));
    if (!Array.isArray(answer)) throw new HandlerError('the handler answered no list of keys');
    const foreign = answer.findIndex((key) => !written.has(key));
    if (foreign >= 0) {
      throw new HandlerError(`the handler's answer at ${foreign} is not the key of an output that was put`, {
        hint: 'await every put, and answer what it resolves with',
      });
    }
    return answer as string[];
  }

  async #write(output: Output, index: number): Promise<string> {
    this.#check(index);
    const extension = output.extension ?? extensionOf(this.#source.key);
    if (extension !== '' && !EXTENSION.test(extension)) {
      throw new HandlerError(`${JSON.stringify(extension.slice(0, 40))} is not an extension`, {
        hint: 'write it like .txt',
      });
    }
    const key = outputKey(this.#rule, this.#source, index, extension);
    await this.#store.put(key, this.#bytes(output.body), {
      contentType: output.contentType ?? this.#input.contentType,
      metadata: output.metadata ?? this.#input.metadata,
    });
    return key;
  }

  #check(index: number): void {
    this.#signal.throwIfAborted();
    if (this.#ended) throw new HandlerError('the handler put an output after it had answered');
    if (index >= REFINE_LIMITS.maxOutputs) {
      throw new LimitError('maxOutputs', `more than ${REFINE_LIMITS.maxOutputs} outputs of one object`);
    }
  }

  #bytes(body: Output['body']): Uint8Array | AsyncIterable<Uint8Array> {
    if (typeof body === 'string') return new TextEncoder().encode(body);
    if (body instanceof Uint8Array) return body;
    if (typeof (body as Partial<typeof body> | undefined)?.[Symbol.asyncIterator] !== 'function') {
      throw new HandlerError('the body of an output is no text, no Uint8Array and no async iterable', {
        hint: 'of another typed array, put new Uint8Array(array.buffer, array.byteOffset, array.byteLength)',
      });
    }
    const copied = body === this.#body && this.#input.size > KEPT_BYTES;
    return chunksOf(copied ? lentBody(this.#store, this.#input) : body, this.#signal);
  }
}

/** The chunks of a handler's body, until its time is over; one that is no Uint8Array is a HandlerError. */
async function* chunksOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const aborted = rejectedAt(signal);
  try {
    for (;;) {
      // A body may never go on: what it holds is then let go of without it.
      const { done, value } = await Promise.race([chunks.next(), aborted]);
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new HandlerError('a chunk of an output is no Uint8Array');
      yield value;
    }
  } finally {
    // Not awaited: a body that hangs would hang here too.
    void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}
