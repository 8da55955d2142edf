import type { ObjectInfo, ObjectRange, ObjectStore, PutOptions } from '@lakewright/core';
import { FileObjectStore } from '../../local/test/adapters.ts';

type Range = Parameters<ObjectStore['read']>[1];

/** A store that is not on this machine: its objects can be read in parts, and every read is written down. */
export class RemoteStore implements ObjectStore {
  readonly reads: { readonly key: string; readonly start: number; readonly end: number }[] = [];
  /** Called before each read; what it throws is the read's failure. */
  before: (key: string, range: Range) => void | Promise<void> = () => undefined;
  readonly #store: ObjectStore;

  private constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Over the objects in `root`. */
  static async over(root: string): Promise<RemoteStore> {
    return new RemoteStore(await FileObjectStore.open(root));
  }

  get bytesRead(): number {
    return this.reads.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  async read(key: string, range: Range): Promise<ObjectRange> {
    await this.before(key, range);
    this.reads.push({ key, start: range.start, end: range.end });
    return this.#store.read(key, range);
  }

  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo> {
    return this.#store.put(key, body, options);
  }
  get(key: string) {
    return this.#store.get(key);
  }
  head(key: string) {
    return this.#store.head(key);
  }
  delete(key: string) {
    return this.#store.delete(key);
  }
  open(): never {
    throw new Error('a query reads parts of objects');
  }
  describe(): never {
    throw new Error('a query has no business here');
  }
  list(): never {
    throw new Error('a query has no business here');
  }
  localPath(): never {
    throw new Error('there is no file here');
  }
}
