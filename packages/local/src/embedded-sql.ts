import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConfigError, type Sql, type SqlRunner, type SqlValue, UnavailableError } from '@lakewright/core';
import { Mutex } from './mutex.ts';
import { sqlError } from './sql-errors.ts';
import type { SqlAnswer, SqlCall, SqlThreadData } from './sql-rpc.ts';
import { type Rows, runTransaction } from './transaction.ts';

/** A call without its number. */
type Request =
  | { kind: 'query'; text: string; params: readonly SqlValue[] }
  | { kind: 'script'; text: string }
  | { kind: 'close' };

/**
 * Opens the embedded PostgreSQL (PGlite) whose files are in `dir`, in a thread of its own: the caller's event
 * loop never waits for it. It is one connection; statements and transactions run one after the other, so the
 * work of a transaction must use only the runner that it is given (the outer one would wait for ever).
 *
 * When PostgreSQL gives up (its log found no room on the disk), calls without an answer throw
 * UnavailableError and the next call opens the files again. The files survive the death of the process. They
 * are not synced, so a loss of power can break them; then the catalog is made anew from the objects, as the
 * error's hint says. Throws ConfigError when the files cannot be opened.
 */
export async function embeddedSql(dir: string): Promise<Sql> {
  if (!existsSync(path.join(dir, 'PG_VERSION'))) await makeFiles(dir);
  return new EmbeddedSql(dir, await startThread(dir));
}

/**
 * Makes an empty database beside `dir` and moves it there when it is whole, so that a death half-way leaves
 * nothing that looks like a database. It copies the template when there is one; else PostgreSQL sets the
 * files up, which takes seconds and several hundred megabytes that its thread gives back by ending.
 */
async function makeFiles(dir: string): Promise<void> {
  const making = `${dir}.making`;
  await rm(making, { recursive: true, force: true });
  const template = templateDirectory();
  if (existsSync(path.join(template, 'PG_VERSION'))) await cp(template, making, { recursive: true });
  else await setUp(making);
  await rm(dir, { recursive: true, force: true });
  await rename(making, dir);
}

async function setUp(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const thread = await startThread(dir);
  await thread.call({ kind: 'close' });
  await thread.end();
}

/**
 * Sets up an empty database once for all that start later, beside the installed packages; when it is there
 * already, nothing is done. Throws ConfigError when PostgreSQL cannot set it up.
 */
export async function makeTemplate(): Promise<void> {
  const template = templateDirectory();
  if (existsSync(path.join(template, 'PG_VERSION'))) return;
  const making = `${template}.${process.pid}`;
  await setUp(making);
  await rename(making, template);
}

/** Empty files of one version of PGlite serve that version only. */
function templateDirectory(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const root = entry.slice(0, entry.lastIndexOf('@electric-sql'));
  const manifest = path.join(root, '@electric-sql', 'pglite', 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return path.join(root, '.cache', 'lakewright', `catalog-${version}`);
}

async function startThread(dir: string): Promise<SqlThread> {
  const thread = new SqlThread(dir);
  try {
    await thread.opened;
    return thread;
  } catch (error) {
    await thread.end();
    throw new ConfigError(`the embedded catalog in ${dir} cannot be opened`, {
      cause: error,
      hint:
        'if the machine lost power or the disk is full: make room, move that directory away and start ' +
        'again; the catalog is then made anew from the objects',
    });
  }
}

/** The thread, and who waits for which of its answers. */
class SqlThread {
  readonly opened: Promise<Rows>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (rows: Rows) => void; reject: (error: Error) => void }>();
  #next = 0;
  #gone: Error | undefined;

  constructor(dir: string) {
    const data: SqlThreadData = { dir };
    this.#worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: data });
    this.#worker.on('message', (answer: SqlAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#worker.on('exit', () => this.#lose(undefined));
    this.opened = this.#wait();
  }

  /** Whether the thread has ended. */
  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  call(request: Request): Promise<Rows> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const call: SqlCall = { id: this.#next, ...request };
    const answer = this.#wait();
    this.#worker.postMessage(call);
    return answer;
  }

  /** Ends the thread; calls without an answer are rejected. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #wait(): Promise<Rows> {
    const id = this.#next++;
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle(answer: SqlAnswer): void {
    const waiter = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('rows' in answer) waiter?.resolve(answer.rows);
    else waiter?.reject(sqlError(answer.error.sqlState, new Error(answer.error.message)));
  }

  #lose(cause: unknown): void {
    this.#gone ??= new UnavailableError('the embedded catalog database has stopped and will be restarted', {
      cause,
      hint: 'look for room on the disk of the data directory',
    });
    for (const waiter of this.#waiting.values()) waiter.reject(this.#gone);
    this.#waiting.clear();
  }
}

class EmbeddedSql implements Sql {
  readonly #dir: string;
  readonly #mutex = new Mutex();
  #thread: SqlThread;
  #closing: Promise<void> | undefined;

  constructor(dir: string, thread: SqlThread) {
    this.#dir = dir;
    this.#thread = thread;
  }

  async query<Row>(text: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.#run((thread) => thread.call({ kind: 'query', text, params }))) as Row[];
  }

  async script(text: string): Promise<void> {
    await this.#run((thread) => thread.call({ kind: 'script', text }));
  }

  transaction<T>(work: (tx: SqlRunner) => Promise<T>): Promise<T> {
    // The whole transaction is one thread's: on the next one its statements would be on their own.
    return this.#run((thread) =>
      runTransaction((text, params) => thread.call({ kind: 'query', text, params }), work),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#mutex.run(async () => {
      if (this.#thread.isGone) return;
      await this.#thread.call({ kind: 'close' });
      await this.#thread.end();
    });
    return this.#closing;
  }

  #run<T>(work: (thread: SqlThread) => Promise<T>): Promise<T> {
    return this.#mutex.run(async () => {
      if (this.#thread.isGone) await this.#restart();
      return work(this.#thread);
    });
  }

  /** PostgreSQL gave up (a full disk, say) and its files are recovered by opening them again. */
  async #restart(): Promise<void> {
    if (this.#closing !== undefined) throw new UnavailableError('the embedded catalog database is closed');
    try {
      this.#thread = await startThread(this.#dir);
    } catch (error) {
      throw new UnavailableError('the embedded catalog database cannot be opened again', {
        cause: error,
        hint: 'make room on the disk of the data directory',
      });
    }
  }
}
