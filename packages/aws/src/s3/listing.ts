import { type _Object, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectInfo } from '@lakewright/core';
import { awsError } from '../errors.ts';
import type { S3Address } from './address.ts';
import { unquoted } from './etags.ts';

/**
 * Every object below the address whose key starts with `prefix`, in the order of the keys' UTF-8 bytes, which is
 * S3's own. What the store cannot name (a slash at the front, behind the store's prefix) is left out.
 */
export async function* listObjects(
  client: S3Client,
  address: S3Address,
  prefix: string,
  startAfter: string | undefined,
): AsyncGenerator<ObjectInfo> {
  let token: string | undefined;
  do {
    const page = await client
      .send(
        new ListObjectsV2Command({
          Bucket: address.bucket,
          Prefix: address.prefix + prefix,
          ...(startAfter ? { StartAfter: address.prefix + startAfter } : {}),
          ContinuationToken: token,
          // XML cannot hold every letter that a key can.
          EncodingType: 'url',
        }),
      )
      .catch((error: unknown) => {
        throw awsError(error, address.bucketDeed('list', 's3:ListBucket'));
      });
    for (const object of page.Contents ?? []) {
      const info = infoOf(address, object, page.EncodingType === 'url');
      if (info !== undefined) yield info;
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

function infoOf(address: S3Address, object: _Object, encoded: boolean): ObjectInfo | undefined {
  const whole = encoded ? decoded(object.Key ?? '') : (object.Key ?? '');
  const key = whole.slice(address.prefix.length);
  if (address.faultOf(key) !== undefined) return undefined;
  return {
    key,
    etag: unquoted(object.ETag),
    size: object.Size ?? 0,
    lastModifiedMs: object.LastModified?.getTime() ?? 0,
  };
}

/** S3 encodes as forms do: a space is a plus, and a plus is %2B. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
