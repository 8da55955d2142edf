import { createHash } from 'node:crypto';
import {
  type ObjectBody,
  type ObjectDescription,
  type ObjectInfo,
  type ObjectRange,
  type ObjectStore,
  type PutOptions,
  UnavailableError,
} from '@lakewright/core';
import { BadObjectError } from '../src/errors.ts';
import type { Cooker, CookJob, CookResult } from '../src/types.ts';

/** Bytes in which the fake cooker finds a fault. */
export const POISON = 'POISON';

const decoder = new TextDecoder();

/**
 * A cooker whose one segment for a job holds the contents of its inputs, a line each. It refuses inputs that
 * hold POISON, naming them, and can be told to fail otherwise.
 */
export class FakeCooker implements Cooker {
  readonly jobs: string[][] = [];
  /** Called before each job; what it throws is the job's failure. */
  before: (job: CookJob) => void | Promise<void> = () => undefined;

  async cook(job: CookJob): Promise<CookResult> {
    this.jobs.push(job.inputs.map(({ object }) => object.key));
    await this.before(job);
    const contents = job.inputs.map(({ object, bytes }) => {
      const text = decoder.decode(bytes);
      if (text.includes(POISON)) throw new BadObjectError(object.key, 'byte 0: poison');
      return text;
    });
    const hash = createHash('sha256');
    for (const { object } of job.inputs) hash.update(`${object.key}\0${object.etag}\0`);
    const segmentId = hash.digest('hex').slice(0, 32);
    return {
      segments: [
        {
          table: 'logs',
          segmentId,
          key: `db/${job.organization}/logs/20260102/03/${segmentId}.parquet`,
          rows: contents.length,
          minTimeNs: 1n,
          maxTimeNs: 2n,
          services: ['fake'],
          lastSeenNs: [2n],
          parquet: new TextEncoder().encode(contents.join('\n')),
        },
      ],
      inputs: contents.map(() => ({ records: 1, rejected: 0, reasons: [] })),
    };
  }

  async close(): Promise<void> {}
}

/** A store that fails when it is told to; otherwise it is the one beneath it. */
export class FailingStore implements ObjectStore {
  /** Answers what is wrong with an operation, or undefined when it may go on. */
  fault: (operation: 'put' | 'get' | 'head' | 'list', key: string) => Error | undefined = () => undefined;
  /** Keys in the order in which they were put. */
  readonly puts: string[] = [];
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<ObjectInfo> {
    this.#check('put', key);
    const info = await this.#store.put(key, body, options);
    this.puts.push(key);
    return info;
  }

  async get(key: string): Promise<Uint8Array> {
    this.#check('get', key);
    return this.#store.get(key);
  }

  async open(key: string, options?: { versionId?: string; etag?: string }): Promise<ObjectBody> {
    this.#check('get', key);
    return this.#store.open(key, options);
  }

  async read(key: string, range: { start: number; end: number; etag?: string }): Promise<ObjectRange> {
    this.#check('get', key);
    return this.#store.read(key, range);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    this.#check('head', key);
    return this.#store.head(key);
  }

  async describe(key: string, options?: { versionId?: string }): Promise<ObjectDescription | undefined> {
    this.#check('head', key);
    return this.#store.describe(key, options);
  }

  async *list(prefix: string, options?: { startAfter?: string }): AsyncGenerator<ObjectInfo> {
    this.#check('list', prefix);
    yield* this.#store.list(prefix, options);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }

  localPath(key: string): Promise<string> {
    return this.#store.localPath(key);
  }

  #check(operation: 'put' | 'get' | 'head' | 'list', key: string): void {
    const fault = this.fault(operation, key);
    if (fault !== undefined) throw fault;
  }
}

/** What a store says when its disk is full. */
export function diskFull(): UnavailableError {
  return new UnavailableError('could not write: ENOSPC');
}
