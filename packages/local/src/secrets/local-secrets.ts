import { open } from 'node:fs/promises';
import {
  ConfigError,
  checkedSecret,
  MAX_SECRET_BYTES,
  NotFoundError,
  parseSecretReference,
  type Secrets,
  secretTooLong,
} from '@lakewright/core';

const SCHEMES = ['env', 'file'];

/**
 * Secrets of this machine: `env:NAME` is a variable of `environment` as it is, `file:PATH` a UTF-8 file without the
 * line end that editors put at its end. Paths are as the process sees them.
 */
export function localSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    schemes: SCHEMES,
    async get(reference) {
      const { scheme, name } = parseSecretReference(reference, SCHEMES);
      const text = scheme === 'env' ? environment[name] : await readText(name, reference);
      if (text === undefined) {
        throw new NotFoundError(`there is no secret ${reference}: the variable is not set`);
      }
      return checkedSecret(reference, text);
    },
  };
}

async function readText(path: string, reference: string): Promise<string> {
  const bytes = await readBytes(path, reference);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    // What the decoder says is not passed on: nothing of the file belongs into an error.
    throw new ConfigError(`the secret ${reference} is not UTF-8`);
  }
}

/** The file's bytes. A file that is endless or huge is given up once it is known to be too long. */
async function readBytes(path: string, reference: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(MAX_SECRET_BYTES + 3);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length === buffer.length) throw secretTooLong(reference);
      if (bytesRead === 0) return buffer.subarray(0, length);
    }
  } catch (error) {
    throw fileError(error, reference);
  }
}

function fileError(error: unknown, reference: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new NotFoundError(`there is no secret ${reference}: no such file`, { cause: error });
  }
  if (code === 'EISDIR' || code === 'EACCES' || code === 'EPERM' || code === 'ENAMETOOLONG') {
    return new ConfigError(`the secret ${reference} cannot be read: ${code}`, {
      hint: 'name a file that this user may read',
      cause: error,
    });
  }
  return error;
}
