import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Puts a file where users drop them, whole at once: a name that starts with a dot is not looked at. */
export async function dropFile(data: string, key: string, content: Uint8Array | string): Promise<void> {
  const path = join(data, 'objects', key);
  const hidden = join(dirname(path), `.${basename(path)}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(hidden, content);
  await rename(hidden, path);
}
