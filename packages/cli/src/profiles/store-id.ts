import { randomUUID } from 'node:crypto';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The name of a data directory's object store, made at its first start: by it a catalog knows its own
 * objects, and this process its own claims after a crash. The directory must be locked.
 */
export async function storeId(dataDirectory: string): Promise<string> {
  const file = join(dataDirectory, 'store-id');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  await writeFile(`${file}.new`, `${id}\n`, { flush: true });
  await rename(`${file}.new`, file);
  // The name must survive a loss of power: a database elsewhere is about to be tied to it.
  const directory = await open(dataDirectory, 'r');
  await directory.sync();
  await directory.close();
  return id;
}
