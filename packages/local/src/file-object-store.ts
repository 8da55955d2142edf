import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  type Logger,
  NotFoundError,
  type ObjectInfo,
  type ObjectStore,
  silentLogger,
  UnavailableError,
} from '@lakewright/core';
import { DirectoryMaker, syncDirectory } from './directories.ts';
import { isAbsent, storeError } from './file-errors.ts';
import { checkKey, TEMPORARY } from './keys.ts';
import { type FileFacts, infoOf, listFiles } from './listing.ts';

/** How many different skipped entries are logged before the store stops repeating itself. */
const SKIPPED_LOGGED = 1000;

/**
 * An ObjectStore over one directory. An object is a file at its key's path, so that files which a user puts
 * there by hand are objects too. A write goes to `.tmp/` first, is synced, renamed and its directory synced:
 * no reader ever sees a part of an object, and a name that is there after a crash names the whole object.
 *
 * Symbolic links, sockets and names that are not UTF-8 are no objects: they are logged once and left out.
 */
export class FileObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #logger: Logger;
  readonly #directories: DirectoryMaker;
  readonly #skipped = new Set<string>();
  #sequence = 0;

  private constructor(root: string, logger: Logger) {
    this.#root = root;
    this.#logger = logger;
    this.#directories = new DirectoryMaker(root);
  }

  /**
   * Opens the store at `root`, making the directory if it is not there, and removes the temporary files that
   * an earlier process left. Only one process may write to a store. Throws UnavailableError.
   */
  static async open(root: string, options: { logger?: Logger } = {}): Promise<FileObjectStore> {
    try {
      await mkdir(root, { recursive: true });
      const real = await realpath(root);
      await syncDirectory(path.dirname(real));
      const temporary = path.join(real, TEMPORARY);
      await mkdir(temporary, { recursive: true });
      for (const name of await readdir(temporary)) {
        await rm(path.join(temporary, name), { recursive: true, force: true });
      }
      return new FileObjectStore(real, options.logger ?? silentLogger);
    } catch (error) {
      throw storeError('open', 'the object store', error);
    }
  }

  async put(key: string, body: Uint8Array): Promise<ObjectInfo> {
    checkKey(key);
    const temporary = path.join(this.#root, TEMPORARY, this.#temporaryName());
    try {
      const facts = await writeSynced(temporary, body);
      await this.#moveInto(temporary, path.join(this.#root, key));
      return infoOf(key, facts);
    } catch (error) {
      await rm(temporary, { force: true }).catch((cause) =>
        this.#logger.log('warn', 'could not remove a temporary file', { error: cause }),
      );
      throw putError(key, error);
    }
  }

  async get(key: string): Promise<Uint8Array> {
    checkKey(key);
    try {
      const handle = await this.#openFile(key);
      try {
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storeError('read', key, error);
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    try {
      const facts = await lstat(path.join(this.#root, key), { bigint: true });
      return facts.isFile() ? infoOf(key, facts) : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storeError('look at', key, error);
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
    const file = path.join(this.#root, key);
    try {
      await rm(file);
      await syncDirectory(path.dirname(file));
    } catch (error) {
      if (!isAbsent(error)) throw storeError('delete', key, error);
    }
  }

  async localPath(key: string): Promise<string> {
    if ((await this.head(key)) === undefined) throw new NotFoundError(`no object ${key}`);
    return path.join(this.#root, key);
  }

  #temporaryName(): string {
    this.#sequence++;
    return `${process.pid}-${this.#sequence}-${randomBytes(6).toString('hex')}`;
  }

  async #openFile(key: string): Promise<FileHandle> {
    // A link could lead outside the store; a directory or a pipe is no object.
    const handle = await open(
      path.join(this.#root, key),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw Object.assign(new Error('not a file'), { code: 'ENOENT' });
  }

  async #moveInto(temporary: string, target: string): Promise<void> {
    const directory = path.dirname(target);
    await this.#directories.ensure(directory);
    const replaces = await exists(target);
    try {
      await rename(temporary, target);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      // Somebody removed the directory since it was made: make it again, once.
      this.#directories.forget();
      await this.#directories.ensure(directory);
      await rename(temporary, target);
    }
    try {
      await syncDirectory(directory);
    } catch (error) {
      // The caller is told that nothing was stored, so a new name must not stay to be found.
      if (!replaces) await rm(target, { force: true });
      throw error;
    }
  }

  #skip(key: string, reason: string): void {
    if (this.#skipped.has(key) || this.#skipped.size >= SKIPPED_LOGGED) return;
    this.#skipped.add(key);
    this.#logger.log('warn', 'an entry of the object store is left out', { key, reason });
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function writeSynced(file: string, body: Uint8Array): Promise<FileFacts> {
  const handle = await open(file, 'wx', 0o640);
  try {
    await handle.writeFile(body);
    // Not datasync: the time of change is part of the etag and must survive a crash too.
    await handle.sync();
    return await handle.stat({ bigint: true });
  } finally {
    await handle.close();
  }
}

/** Nothing can be "not found" when writing: whatever failed, the object was not stored. */
function putError(key: string, error: unknown): Error {
  if (!isAbsent(error)) return storeError('write', key, error);
  return new UnavailableError(`could not write ${key}: a part of its path is not a directory, or vanished`, {
    cause: error,
  });
}
