import { randomInt, randomUUID } from 'node:crypto';
import type { TableId } from '../catalog/index.ts';

/** Below which the metadata of Iceberg tables is; data files stay where they are. */
export const ICEBERG_PREFIX = 'iceberg/';

/** Names for what one publication writes: no two publications, and no two tries of one, share any. */
export class MetadataKeys {
  /** The table's own place, without a slash at the end. */
  readonly location: string;
  readonly #attempt = randomUUID();
  #manifests = 0;

  constructor({ organization, table }: TableId, base: string) {
    this.location = `${base}${ICEBERG_PREFIX}${organization}/${table}`;
  }

  metadata(version: number): string {
    return this.#key(`${String(version).padStart(5, '0')}-${this.#attempt}.metadata.json`);
  }

  list(snapshotId: number): string {
    return this.#key(`snap-${snapshotId}-1-${this.#attempt}.avro`);
  }

  manifest(): string {
    return this.#key(`${this.#attempt}-m${this.#manifests++}.avro`);
  }

  #key(name: string): string {
    return `${this.location}/metadata/${name}`;
  }
}

/** An id that no other snapshot of a table has: 48 random bits, and never 0. */
export function newSnapshotId(): number {
  return randomInt(1, 2 ** 48 - 1);
}
