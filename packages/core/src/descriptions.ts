import mime from 'mime';
import { BadInputError, LimitError } from './errors.ts';
import type { PutOptions } from './ports.ts';

/** What a store knows of an object beside its bytes. */
export interface Description {
  readonly contentType: string;
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of all names and values of an object's metadata together: S3's own limit. */
export const MAX_METADATA_BYTES = 2048;
/** Bytes of a media type with its parameters; the longest in use have about a hundred. */
const MAX_CONTENT_TYPE_BYTES = 256;

/** What a header's name may be made of: metadata travel as headers in S3. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Printable ASCII; a header loses the spaces at its ends. */
const VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;

/** The media type that goes by a key's suffix; `application/octet-stream` where none does. */
export function typeOfKey(key: string): string {
  // With the slash a key without a dot is not taken for a suffix.
  return mime.getType(`/${key}`) ?? 'application/octet-stream';
}

/**
 * What is to be kept with an object that is put with `options`, whatever the store. Throws BadInputError for a
 * content type or metadata that cannot be headers, LimitError (`maxMetadataBytes`) for more than S3 takes.
 */
export function describedBy(key: string, options: PutOptions): Description {
  const { contentType = typeOfKey(key), metadata = {} } = options;
  if (contentType === '' || contentType.length > MAX_CONTENT_TYPE_BYTES || !VALUE.test(contentType)) {
    throw new BadInputError(`the content type of ${key} is none`, {
      hint: `write it like text/plain, in at most ${MAX_CONTENT_TYPE_BYTES} printable ASCII characters`,
    });
  }
  const entries = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value] as const);
  checkMetadata(key, entries);
  return { contentType, metadata: Object.fromEntries(entries) };
}

/** Bytes of metadata as S3 counts them. */
export function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

function checkMetadata(key: string, entries: readonly (readonly [string, string])[]): void {
  const names = new Set<string>();
  for (const [name, value] of entries) {
    if (!NAME.test(name) || names.has(name)) {
      throw new BadInputError(`the metadata of ${key} has a name that is no header's name, or one twice`, {
        hint: 'use ASCII letters (their case is not kept), digits and -, each name once',
      });
    }
    if (!VALUE.test(value)) {
      throw new BadInputError(`the metadata of ${key} has a value that cannot be kept under ${name}`, {
        hint: 'use printable ASCII without spaces at the ends: encode anything else',
      });
    }
    names.add(name);
  }
  const bytes = metadataBytes(Object.fromEntries(entries));
  if (bytes > MAX_METADATA_BYTES) {
    throw new LimitError(
      'maxMetadataBytes',
      `the metadata of ${key} has ${bytes} bytes; at most ${MAX_METADATA_BYTES} are kept`,
      { hint: 'put what is bigger into an object of its own' },
    );
  }
}
