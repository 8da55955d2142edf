import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { BadInputError, checkRange, type ObjectRange, UnavailableError } from '@lakewright/core';
import { awsError, isAwsError } from '../errors.ts';
import type { S3Address } from './address.ts';
import { quoted, unquoted } from './etags.ts';

/** Reads a part of an object in one request. Throws what the port says. */
export async function readRange(
  client: S3Client,
  address: S3Address,
  key: string,
  range: { readonly start: number; readonly end: number; readonly etag?: string },
): Promise<ObjectRange> {
  const { start, end, etag } = range;
  const target = { Bucket: address.bucket, Key: address.inBucket(key) };
  checkRange(address.urlOf(key), range);
  const deed = address.deed('read', 's3:GetObject', key);
  const conditions = etag === undefined ? {} : { IfMatch: quoted(etag) };
  try {
    // S3 counts the last byte in.
    const Range = `bytes=${start}-${end - 1}`;
    const answer = await client.send(new GetObjectCommand({ ...target, ...conditions, Range }));
    if (!(answer.Body instanceof Readable)) throw new UnavailableError(`${deed.what} gave no bytes`);
    const bytes = await answer.Body.toArray().then((pieces) => Buffer.concat(pieces));
    const size = sizeOf(answer.ContentRange) ?? bytes.length;
    // A range that goes beyond the end is answered with what there is of it.
    checkRange(address.urlOf(key), range, size);
    if (bytes.length !== end - start) throw new UnavailableError(`could not ${deed.what}: it broke off`);
    return { bytes, etag: unquoted(answer.ETag), size };
  } catch (error) {
    if (isAwsError(error, 'InvalidRange', 416)) {
      throw new BadInputError(`there are no bytes ${start} to ${end} in ${address.urlOf(key)}`);
    }
    throw awsError(error, deed);
  }
}

/** `bytes 0-9/1234` is of 1,234 bytes. */
function sizeOf(contentRange: string | undefined): number | undefined {
  const size = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return size === undefined ? undefined : Number(size);
}
