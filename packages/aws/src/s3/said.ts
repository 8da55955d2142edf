import {
  BadInputError,
  describedBy,
  MAX_METADATA_BYTES,
  metadataBytes,
  type ObjectDescription,
  type PutOptions,
  typeOfKey,
} from '@lakewright/core';
import { quoted, unquoted } from './etags.ts';

/** What S3 says of an object to which nobody gave a type. */
const NOBODY_SAID = new Set(['binary/octet-stream', '']);

/** Written with a write that has a condition, to know it again: see writes.ts. Readers do not see it. */
export const WRITE_ID = 'lakewright-write';

/** What goes with an object's bytes in a request. */
export interface Said {
  readonly ContentType: string;
  readonly Metadata: Record<string, string>;
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

/**
 * The fields of a request that say what `options` say. Throws BadInputError for a content type or metadata that
 * cannot be a header, LimitError (`maxMetadataBytes`) for more metadata than S3 takes.
 */
export function saidOf(key: string, options: PutOptions, writeId: string | undefined): Said {
  const { only } = options;
  const { contentType, metadata } = describedBy(key, options);
  if (Object.hasOwn(metadata, WRITE_ID)) {
    throw new BadInputError(`the metadata of ${key} has the name ${WRITE_ID}, which is the store's own`);
  }
  const bytes = metadataBytes(metadata);
  const marked = bytes + WRITE_ID.length + (writeId?.length ?? 0) <= MAX_METADATA_BYTES;
  return {
    ContentType: contentType,
    Metadata: writeId !== undefined && marked ? { ...metadata, [WRITE_ID]: writeId } : { ...metadata },
    ...(only === 'absent' ? { IfNoneMatch: '*' } : {}),
    ...(typeof only === 'object' ? { IfMatch: quoted(only.etag) } : {}),
  };
}

/** What S3's answer to a GET or a HEAD says of the object. */
export function descriptionOf(
  key: string,
  answer: {
    readonly ETag?: string;
    readonly ContentLength?: number;
    readonly LastModified?: Date;
    readonly ContentType?: string;
    readonly Metadata?: Record<string, string>;
    readonly VersionId?: string;
  },
): ObjectDescription {
  const { [WRITE_ID]: _, ...metadata } = Object.fromEntries(
    Object.entries(answer.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const type = answer.ContentType ?? '';
  return {
    key,
    etag: unquoted(answer.ETag),
    size: answer.ContentLength ?? 0,
    lastModifiedMs: answer.LastModified?.getTime() ?? 0,
    contentType: NOBODY_SAID.has(type) ? typeOfKey(key) : type,
    metadata,
    versionId: answer.VersionId,
  };
}
