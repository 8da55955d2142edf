import { BadInputError, NotFoundError } from './errors.ts';
import type {
  ObjectBody,
  ObjectDescription,
  ObjectInfo,
  ObjectRange,
  ObjectStore,
  PutOptions,
} from './ports.ts';

/**
 * Several stores as one: a key begins with the base of its store (`s3://bucket/`), and what follows is the key
 * there. Bases end with `/`, and none begins with another. A key of no base throws NotFoundError where
 * something is read and BadInputError where something is written or listed, after `lookFor`, where there is one, was
 * given the time to add its store: `parts` may change while they are used.
 */
export function joinedStore(
  parts: ReadonlyMap<string, ObjectStore>,
  lookFor?: (key: string) => Promise<void>,
): ObjectStore {
  const bases = [...parts.keys()];
  const wrong = bases.find(
    (base) => !base.endsWith('/') || bases.some((other) => other !== base && other.startsWith(base)),
  );
  if (wrong !== undefined) throw new BadInputError(`${wrong} cannot be a base beside ${bases.join(', ')}`);
  return new JoinedStore(parts, lookFor);
}

interface Part {
  readonly base: string;
  readonly store: ObjectStore;
  /** The key inside the store. */
  readonly inner: string;
}

class JoinedStore implements ObjectStore {
  readonly #parts: ReadonlyMap<string, ObjectStore>;
  readonly #lookFor: ((key: string) => Promise<void>) | undefined;

  constructor(parts: ReadonlyMap<string, ObjectStore>, lookFor?: (key: string) => Promise<void>) {
    this.#parts = parts;
    this.#lookFor = lookFor;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<ObjectInfo> {
    const { base, store, inner } = await this.#toWrite(key);
    return outside(base, await store.put(inner, body, options));
  }

  async get(key: string): Promise<Uint8Array> {
    const { store, inner } = await this.#toRead(key);
    return store.get(inner);
  }

  async open(key: string, options?: Parameters<ObjectStore['open']>[1]): Promise<ObjectBody> {
    const { base, store, inner } = await this.#toRead(key);
    return outside(base, await store.open(inner, options));
  }

  async read(key: string, range: Parameters<ObjectStore['read']>[1]): Promise<ObjectRange> {
    const { store, inner } = await this.#toRead(key);
    return store.read(inner, range);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const part = await this.#find(key);
    const info = await part?.store.head(part.inner);
    return part === undefined || info === undefined ? undefined : outside(part.base, info);
  }

  async describe(key: string, options?: { versionId?: string }): Promise<ObjectDescription | undefined> {
    const part = await this.#find(key);
    const description = await part?.store.describe(part.inner, options);
    return part === undefined || description === undefined ? undefined : outside(part.base, description);
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    const { base, store, inner } = await this.#toWrite(prefix);
    const startAfter = options.startAfter?.startsWith(base)
      ? options.startAfter.slice(base.length)
      : undefined;
    for await (const info of store.list(inner, startAfter === undefined ? {} : { startAfter })) {
      yield outside(base, info);
    }
  }

  async delete(key: string): Promise<void> {
    const { store, inner } = await this.#toWrite(key);
    await store.delete(inner);
  }

  async localPath(key: string): Promise<string> {
    const { store, inner } = await this.#toRead(key);
    return store.localPath(inner);
  }

  async #find(key: string): Promise<Part | undefined> {
    const known = this.#known(key);
    if (known !== undefined || this.#lookFor === undefined) return known;
    await this.#lookFor(key);
    return this.#known(key);
  }

  #known(key: string): Part | undefined {
    for (const [base, store] of this.#parts) {
      if (key.startsWith(base)) return { base, store, inner: key.slice(base.length) };
    }
    return undefined;
  }

  async #toRead(key: string): Promise<Part> {
    const part = await this.#find(key);
    if (part === undefined) throw new NotFoundError(`no object ${key}: ${this.#names()}`);
    return part;
  }

  async #toWrite(key: string): Promise<Part> {
    const part = await this.#find(key);
    if (part === undefined) throw new BadInputError(`${key} is in no store: ${this.#names()}`);
    return part;
  }

  #names(): string {
    return `the stores are ${[...this.#parts.keys()].join(', ') || 'none'}`;
  }
}

function outside<Info extends ObjectInfo>(base: string, info: Info): Info {
  return { ...info, key: base + info.key };
}
