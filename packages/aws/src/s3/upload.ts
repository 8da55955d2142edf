import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { LimitError } from '@lakewright/core';
import type { Said } from './said.ts';

/** Bytes of a part of an upload: what is held back before anything is sent. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Parts on their way at once. Memory of an upload: these, the next one, and a copy while it is put together. */
export const PARTS_AT_ONCE = 2;
/** S3's limit. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
/** Bytes of a body whose length nobody knows when its first part is sent. */
export const MAX_STREAMED_BYTES = MAX_PARTS * PART_BYTES;

export interface Uploaded {
  readonly ETag?: string;
  readonly size: number;
}

/**
 * Puts a body that comes bit by bit: as one request when it fits in a part, else as an upload in parts, which
 * nobody sees before it is completed and which is aborted when it fails. Conditions hold for the request that
 * gives the object its name. Throws what the body throws, LimitError (`maxStreamedObjectBytes`), and what the
 * SDK throws.
 */
export async function upload(
  client: S3Client,
  target: { readonly Bucket: string; readonly Key: string },
  body: AsyncIterable<Uint8Array>,
  said: Said,
): Promise<Uploaded> {
  const source = { size: 0, handedOver: false, failed: false, failure: undefined as unknown };
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of body) {
        source.size += piece.byteLength;
        if (source.size > MAX_STREAMED_BYTES) throw tooLarge(target);
        // A part is sent while the body goes on, and who made the piece may use its memory again.
        source.handedOver = true;
        yield Buffer.from(piece);
        source.handedOver = false;
      }
    } catch (error) {
      // Thrown in by whoever takes the pieces, when the upload failed, is no failure of the body.
      if (!source.handedOver) {
        source.failed = true;
        source.failure = error;
      }
      throw error;
    }
  }
  const parts = new Upload({
    client,
    params: { ...target, ...said, Body: Readable.from(counted(), { highWaterMark: 1 }) },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  try {
    return { ...(await parts.done()), size: source.size };
  } catch (error) {
    // That the body failed is what counts, also when the upload could not even be aborted.
    throw source.failed ? source.failure : error;
  }
}

function tooLarge({ Bucket, Key }: { Bucket: string; Key: string }): LimitError {
  return new LimitError(
    'maxStreamedObjectBytes',
    `s3://${Bucket}/${Key} is larger than ${MAX_STREAMED_BYTES} bytes, which is what can be put bit by bit`,
  );
}
