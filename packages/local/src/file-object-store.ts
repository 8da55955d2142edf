import { constants, fstatSync } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  checkRange,
  type Description,
  LakewrightError,
  type Logger,
  NotFoundError,
  type ObjectBody,
  type ObjectDescription,
  type ObjectInfo,
  type ObjectRange,
  type ObjectStore,
  PreconditionError,
  type PutOptions,
  silentLogger,
  typeOfKey,
  UnavailableError,
} from '@lakewright/core';
import { PutBody, readBody, readRange, unwrapBodyFailure } from './bodies.ts';
import { Descriptions, saidBeyondKey } from './descriptions.ts';
import { syncDirectory } from './directories.ts';
import { DurableFiles, factsAt, type WrittenFile } from './durable-files.ts';
import { isAbsent, isDirectoryFault, storeError } from './file-errors.ts';
import { KeyLocks } from './key-locks.ts';
import { checkKey } from './keys.ts';
import { type FileFacts, infoOf, listFiles } from './listing.ts';

/** How many different skipped entries are logged before the store stops repeating itself. */
const SKIPPED_LOGGED = 1000;

/**
 * An ObjectStore over one directory. An object is a file at its key's path, so that files which a user puts
 * there by hand are objects too. A write goes to `.tmp/` first, is synced, renamed and its directory synced:
 * no reader ever sees a part of an object, and a name that is there after a crash names the whole object.
 * Metadata, and a content type that the suffix does not say, are kept below `.meta/`.
 *
 * Symbolic links, sockets and names that are not UTF-8 are no objects: they are logged once and left out.
 * There are no versions: an object asked for by a version's id is not found.
 */
export class FileObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #logger: Logger;
  readonly #files: DurableFiles;
  readonly #descriptions: Descriptions;
  /** One process writes a store, so that what must not be written at once need only be kept apart in it. */
  readonly #locks = new KeyLocks();
  readonly #skipped = new Set<string>();
  readonly #closing = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(root: string, logger: Logger) {
    this.#root = root;
    this.#logger = logger;
    this.#files = new DurableFiles(root, logger);
    this.#descriptions = new Descriptions(root, this.#files, logger);
  }

  /**
   * Opens the store at `root`, making the directory if it is not there, and removes the temporary files that
   * an earlier process left; what is left below `.meta/` is removed in the background. Only one process may
   * write to a store. Throws UnavailableError.
   */
  static async open(root: string, options: { logger?: Logger } = {}): Promise<FileObjectStore> {
    try {
      await mkdir(root, { recursive: true });
      const real = await realpath(root);
      await syncDirectory(path.dirname(real));
      const store = new FileObjectStore(real, options.logger ?? silentLogger);
      await store.#files.prepare();
      store.#sweeping = store.#descriptions.sweep(store.#closing.signal);
      return store;
    } catch (error) {
      throw storeError('open', 'the object store', error);
    }
  }

  /** Ends what the store does in the background. It need not be called for anything to be durable. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
  }

  /**
   * As the port says. Beside its errors: BadInputError and LimitError (`maxMetadataBytes`) for a key, a content
   * type or metadata that S3 would not take.
   */
  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    const source = new PutBody(body);
    try {
      checkKey(key);
      const said = saidBeyondKey(key, options);
      // Looked at again when it counts; this time, so that no gigabyte is written for nothing.
      if (options.only !== undefined) checkCondition(key, options.only, await this.head(key));
      const written = await this.#files.write((descriptor) => source.writeTo(descriptor));
      return await this.#commit(key, written, said, options.only);
    } catch (error) {
      await source.release();
      throw putError(key, error);
    }
  }

  async get(key: string): Promise<Uint8Array> {
    checkKey(key);
    try {
      const { handle } = await this.#openFile(key);
      try {
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storeError('read', key, error);
    }
  }

  async open(
    key: string,
    options: { versionId?: string; etag?: string; lend?: boolean } = {},
  ): Promise<ObjectBody> {
    checkKey(key);
    if (options.versionId !== undefined) throw new NotFoundError(`no version ${options.versionId} of ${key}`);
    try {
      for (;;) {
        const opened = await this.#openDescribed(key, options);
        // Replaced between the two looks at it, so that somebody got on: look again.
        if (opened !== undefined) return opened;
      }
    } catch (error) {
      throw error instanceof LakewrightError ? error : storeError('read', key, error);
    }
  }

  async read(key: string, range: { start: number; end: number; etag?: string }): Promise<ObjectRange> {
    checkKey(key);
    try {
      const { handle, facts } = await this.#openFile(key);
      try {
        const { etag, size } = infoOf(key, facts);
        if (range.etag !== undefined) checkCondition(key, { etag: range.etag }, { etag });
        checkRange(key, range, size);
        return { bytes: await readRange(handle, { key, facts }, range), etag, size };
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw error instanceof LakewrightError ? error : storeError('read', key, error);
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    try {
      const facts = factsAt(path.join(this.#root, key));
      return facts?.isFile() ? infoOf(key, facts) : undefined;
    } catch (error) {
      throw storeError('look at', key, error);
    }
  }

  async describe(key: string, options: { versionId?: string } = {}): Promise<ObjectDescription | undefined> {
    checkKey(key);
    if (options.versionId !== undefined) return undefined;
    for (;;) {
      const info = await this.head(key);
      if (info === undefined) return undefined;
      const description = await this.#description(info);
      if (description !== undefined) return { ...info, ...description, versionId: undefined };
    }
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
    if (folder !== '') checkKey(folder);
    try {
      yield* listFiles({
        root: this.#root,
        prefix,
        startAfter: options.startAfter ?? '',
        onSkipped: (key, reason) => this.#skip(key, reason),
      });
    } catch (error) {
      throw storeError('list', prefix, error);
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#locks.run(key, async () => {
      const there = this.#descriptions.inUse ? await this.head(key) : undefined;
      await this.#remove(key);
      if (there !== undefined) await this.#descriptions.forget(key, there.etag);
    });
  }

  async localPath(key: string): Promise<string> {
    if ((await this.head(key)) === undefined) throw new NotFoundError(`no object ${key}`);
    return path.join(this.#root, key);
  }

  /** Gives a written file its key, with what was said of it, if `only` holds. */
  async #commit(
    key: string,
    written: WrittenFile,
    said: Description | undefined,
    only: PutOptions['only'],
  ): Promise<ObjectInfo> {
    const info = infoOf(key, written.facts);
    // Under the lock whether there is a condition or not: it is somebody else's that must not be broken.
    const place = () => this.#locks.run(key, () => this.#place(info, written, only));
    try {
      if (said === undefined) await place();
      else await this.#descriptions.around(info, said, place);
      return info;
    } catch (error) {
      await this.#files.discard(written.path);
      throw error;
    }
  }

  async #place(info: ObjectInfo, written: WrittenFile, only: PutOptions['only']): Promise<void> {
    const { key } = info;
    const replaced = await this.#files.place(written.path, path.join(this.#root, key), (there) => {
      if (only !== undefined) checkCondition(key, only, there?.isFile() ? infoOf(key, there) : undefined);
    });
    if (replaced !== undefined) await this.#descriptions.forget(key, infoOf(key, replaced).etag);
  }

  async #remove(key: string): Promise<void> {
    const file = path.join(this.#root, key);
    try {
      await rm(file);
      await syncDirectory(path.dirname(file));
    } catch (error) {
      if (!isAbsent(error) && !isDirectoryFault(error)) throw storeError('delete', key, error);
    }
  }

  /** The object with its body, or undefined when it is another one since it was opened. */
  async #openDescribed(
    key: string,
    { etag, lend = false }: { etag?: string; lend?: boolean },
  ): Promise<ObjectBody | undefined> {
    const { handle, facts } = await this.#openFile(key);
    try {
      const info = infoOf(key, facts);
      if (etag !== undefined) checkCondition(key, { etag }, info);
      const description = await this.#description(info);
      if (description !== undefined) {
        return {
          ...info,
          ...description,
          versionId: undefined,
          body: readBody(handle, { key, facts }, lend),
        };
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** What is known of the object, or undefined when its key has another one by now. */
  async #description(info: ObjectInfo): Promise<Description | undefined> {
    const said = await this.#descriptions.read(info.key, info.etag);
    if (said !== undefined) return said;
    // Side files go when their object is replaced: having none says something only of an object that is there.
    const current = !this.#descriptions.inUse || (await this.head(info.key))?.etag === info.etag;
    return current ? { contentType: typeOfKey(info.key), metadata: {} } : undefined;
  }

  async #openFile(key: string): Promise<{ handle: FileHandle; facts: FileFacts }> {
    // A link could lead outside the store; a directory or a pipe is no object.
    const handle = await open(
      path.join(this.#root, key),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const facts = fstatSync(handle.fd, { bigint: true });
    if (facts.isFile()) return { handle, facts };
    await handle.close();
    throw Object.assign(new Error('not a file'), { code: 'ENOENT' });
  }

  #skip(key: string, reason: string): void {
    if (this.#skipped.has(key) || this.#skipped.size >= SKIPPED_LOGGED) return;
    this.#skipped.add(key);
    this.#logger.log('warn', 'an entry of the object store is left out', { key, reason });
  }
}

/** Throws PreconditionError unless `there`, which is the object under the key, is as `only` wants it. */
function checkCondition(
  key: string,
  only: NonNullable<PutOptions['only']>,
  there: Pick<ObjectInfo, 'etag'> | undefined,
): void {
  if (only === 'absent') {
    if (there === undefined) return;
    throw new PreconditionError(`there is an object ${key} already`);
  }
  if (there?.etag === only.etag) return;
  throw new PreconditionError(`${key} is ${there === undefined ? 'gone' : 'another object by now'}`, {
    hint: 'look at the object again',
  });
}

/** Nothing can be "not found" when writing: whatever failed, the object was not stored. */
function putError(key: string, thrown: unknown): unknown {
  const { fromBody, error } = unwrapBodyFailure(thrown);
  if (fromBody || error instanceof LakewrightError) return error;
  if (!isAbsent(error)) return storeError('write', key, error);
  return new UnavailableError(`could not write ${key}: a part of its path is not a directory, or vanished`, {
    cause: error,
  });
}
