import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../../parquet/index.ts';

/** A file that is open for reading. */
export interface OpenFile extends ByteSource {
  close(): void;
}

/** Bytes of inputs that are read at once and kept while a job is done. */
const WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * Does `work` over the files of `inputs`, which are closed at its end. `beforeRead` is called before each read.
 * Throws node's errors, and what `work` throws.
 */
export function withFiles<Input extends { readonly path: string }, Result>(
  inputs: readonly Input[],
  beforeRead: () => void,
  work: (opened: readonly (Input & { readonly source: ByteSource })[]) => Result,
): Result {
  const open: OpenFile[] = [];
  try {
    let whole = WHOLE_BYTES;
    const opened = inputs.map((input) => {
      const source = openFile(input.path, whole, beforeRead);
      if (source.size <= whole) {
        whole -= source.size;
        // It was read: a job may have more inputs than a process may have open files.
        source.close();
      } else open.push(source);
      return { ...input, source };
    });
    return work(opened);
  } finally {
    for (const file of open) file.close();
  }
}

/**
 * Opens the file at `path`. Up to `wholeBytes` it is read at once: a read for each column chunk would take
 * longer than the decoding of a small file. `beforeRead` is called before each read. Throws node's errors.
 */
export function openFile(path: string, wholeBytes: number, beforeRead?: () => void): OpenFile {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const whole = size <= wholeBytes ? readAt(descriptor, 0, size) : undefined;
    return {
      size,
      read(offset, length) {
        beforeRead?.();
        if (offset < 0 || offset + length > size) throw new RangeError('it points past its end');
        return whole?.subarray(offset, offset + length) ?? readAt(descriptor, offset, length);
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function readAt(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
    if (count === 0) throw new RangeError('it is shorter than when it was opened');
    filled += count;
  }
  return bytes;
}
