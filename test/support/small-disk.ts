import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/**
 * A small file system of its own, mounted at `path` in a namespace that no other process sees. It goes away
 * with `close`, whatever happens.
 */
export class SmallDisk {
  /** Put this before a command to run it where the disk is. */
  readonly wrapper: readonly string[];
  readonly #holder: ChildProcess;
  readonly #ballast: string;

  private constructor(holder: ChildProcess, wrapper: readonly string[], path: string) {
    this.#holder = holder;
    this.wrapper = wrapper;
    this.#ballast = `/proc/${holder.pid}/root${path}/ballast`;
  }

  /** The disk, or why there can be none on this machine. `size` as mount takes it, like `160m`. */
  static async mount(path: string, size: string): Promise<SmallDisk | string> {
    if (process.platform !== 'linux') return 'small disks are made with Linux mount namespaces';
    const root = process.getuid?.() === 0;
    const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && echo mounted && exec cat`;
    const namespace = root ? ['--mount'] : ['--mount', '--map-root-user'];
    const holder = spawn('unshare', [...namespace, 'sh', '-c', script, path], { stdio: 'pipe' });
    let output = '';
    for (const stream of [holder.stdout, holder.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const started = await Promise.race([
      once(holder.stdout, 'data').then(() => output.startsWith('mounted')),
      once(holder, 'close').then(() => false),
      once(holder, 'error').then(() => false),
    ]).catch((error: unknown) => {
      output += String(error);
      return false;
    });
    if (!started) return `no file system can be mounted: ${output.trim()}`;
    const enter = ['nsenter', '--target', String(holder.pid), '--mount'];
    return new SmallDisk(holder, root ? enter : [...enter, '--user', '--preserve-credentials'], path);
  }

  /** Writes until the disk takes no more. */
  async fill(): Promise<void> {
    for (;;) {
      try {
        await writeFile(this.#ballast, CHUNK, { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
        throw error;
      }
    }
  }

  /** Makes the room again that `fill` took. */
  async relieve(): Promise<void> {
    await rm(this.#ballast);
  }

  async close(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const closed = once(this.#holder, 'close');
    this.#holder.kill('SIGKILL');
    await closed;
  }
}
