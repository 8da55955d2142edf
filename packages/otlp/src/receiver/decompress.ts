import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { CompressionError } from '../errors.ts';
import { zstdFrames } from '../wire/zstd-frames.ts';
import { ExportFailure } from './failure.ts';
import type { ReceiverLimits } from './limits.ts';

const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflate = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflate);
const zstdDecompress = promisify<zlib.InputType, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);

/** A window of 8 MiB is what RFC 8878 asks every decoder to support. */
const LEAST_ZSTD_WINDOW_LOG = 23;

const DECODERS: Readonly<Record<string, (body: Buffer, maxBytes: number) => Promise<Buffer>>> = {
  gzip: (body, maxBytes) => gunzip(body, { maxOutputLength: maxBytes }),
  'x-gzip': (body, maxBytes) => gunzip(body, { maxOutputLength: maxBytes }),
  deflate: (body, maxBytes) => inflate(body, { maxOutputLength: maxBytes }),
  zstd: unzstd,
};

/** All frames of a body, which together must not be longer than the limit. */
async function unzstd(body: Buffer, maxBytes: number): Promise<Buffer> {
  // A frame may ask for a window of 2 GiB; more than the limit is of no use to it.
  const windowLog = Math.max(LEAST_ZSTD_WINDOW_LOG, Math.ceil(Math.log2(maxBytes)));
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: windowLog };
  const parts: Buffer[] = [];
  let left = maxBytes;
  for (const { start, end } of zstdFrames(body)) {
    const part = await zstdDecompress(body.subarray(start, end), {
      maxOutputLength: Math.max(1, left),
      params,
    });
    left -= part.length;
    if (left < 0) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** Whether the Content-Encoding is one that decompression knows. `identity` is none. */
export function isKnownEncoding(encoding: string): boolean {
  return encoding === 'identity' || Object.hasOwn(DECODERS, encoding);
}

/**
 * Undoes Content-Encodings, a few bodies at a time. The output is read in chunks and abandoned at the limit,
 * so that a bomb costs no more memory than the largest request that is allowed.
 */
export class Decompressor {
  readonly #limits: Pick<ReceiverLimits, 'maxRequestBytes' | 'maxConcurrentDecompressions'>;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: Pick<ReceiverLimits, 'maxRequestBytes' | 'maxConcurrentDecompressions'>) {
    this.#limits = limits;
  }

  /** The body as it was before `encoding`. Throws ExportFailure: tooLarge, invalid or unsupported. */
  async decompress(encoding: string, body: Buffer): Promise<Buffer> {
    if (encoding === 'identity' || body.length === 0) return body;
    const decode = DECODERS[encoding];
    await this.#turn();
    try {
      return await decode(body, this.#limits.maxRequestBytes);
    } catch (error) {
      throw this.#failure(encoding, error);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= this.#limits.maxConcurrentDecompressions) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }

  #failure(encoding: string, error: unknown): ExportFailure {
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      return tooLarge(this.#limits.maxRequestBytes);
    }
    if (error instanceof ExportFailure) return error;
    const where = error instanceof CompressionError ? `: ${error.message}` : '';
    return new ExportFailure('invalid', `the body is not valid ${encoding}${where}`, { cause: error });
  }
}

export function tooLarge(maxRequestBytes: number): ExportFailure {
  return new ExportFailure(
    'tooLarge',
    `maxRequestBytes: the request is larger than ${maxRequestBytes} bytes; send smaller batches`,
  );
}
