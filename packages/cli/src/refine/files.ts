import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BadInputError, messageOf } from '@lakewright/core';
import mime from 'mime';

/** A file that is to be pushed. */
export interface InputFile {
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Calls `onBytes` with the bytes read so far. */
  read(onBytes: (total: number) => void): AsyncIterable<Uint8Array>;
}

/** Looks at a file before anything is sent. Throws BadInputError. */
export async function inputFile(path: string): Promise<InputFile> {
  let size: number;
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw new BadInputError(`${path} is not a file`);
    size = facts.size;
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new BadInputError(missing ? `there is no file ${path}` : `${path}: ${messageOf(error)}`);
  }
  return {
    size,
    contentType: mime.getType(path) ?? 'application/octet-stream',
    async *read(onBytes) {
      let total = 0;
      for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
        total += (chunk as Buffer).length;
        yield chunk as Buffer;
        onBytes(total);
      }
    },
  };
}
