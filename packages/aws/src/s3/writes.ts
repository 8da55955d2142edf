import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PreconditionError, type PutOptions } from '@lakewright/core';
import { attemptsOf, awsError, isAwsError } from '../errors.ts';
import type { S3Address } from './address.ts';
import { saidOf, WRITE_ID } from './said.ts';
import { type Uploaded, upload } from './upload.ts';

/** Times that a write is tried that S3 answers with "somebody else is writing", and the pause before another. */
const CONFLICT_ATTEMPTS = 5;
const CONFLICT_PAUSE_MS = 50;

export interface Write {
  readonly key: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly options: PutOptions;
}

/**
 * Writes an object. With a condition it also carries an id of its own: when the answer to a write that happened
 * gets lost, the SDK sends it again and is told that the condition does not hold; the id tells that it was this
 * very write that made it so. Throws what the port says.
 */
export async function writeObject(client: S3Client, address: S3Address, write: Write): Promise<Uploaded> {
  const { key, options } = write;
  const Key = address.inBucket(key);
  const writeId = options.only === undefined ? undefined : randomUUID();
  const said = saidOf(key, options, writeId);
  const target = { Bucket: address.bucket, Key };
  try {
    return await send(client, target, write.body, said);
  } catch (error) {
    const own = await ownWrite(client, target, error, writeId);
    if (own !== undefined) return own;
    if (options.only !== undefined && isAwsError(error, 'NoSuchKey', 'PreconditionFailed', 412)) {
      throw notAsExpected(address.urlOf(key), options.only);
    }
    throw awsError(error, address.deed('write', 's3:PutObject', key));
  }
}

async function send(
  client: S3Client,
  target: { readonly Bucket: string; readonly Key: string },
  body: Uint8Array | AsyncIterable<Uint8Array>,
  said: ReturnType<typeof saidOf>,
): Promise<Uploaded> {
  if (!(body instanceof Uint8Array)) return upload(client, target, body, said);
  for (let attempt = 1; ; attempt++) {
    try {
      const { ETag } = await client.send(new PutObjectCommand({ ...target, ...said, Body: body }));
      return { ETag, size: body.byteLength };
    } catch (error) {
      // S3 asks for exactly this: the condition is not decided yet. A body that was iterated is gone by now.
      if (!isAwsError(error, 'ConditionalRequestConflict', 409) || attempt >= CONFLICT_ATTEMPTS) throw error;
      await delay(CONFLICT_PAUSE_MS * attempt);
    }
  }
}

/** What is there, if the write that failed with `error` put it there; undefined otherwise. */
async function ownWrite(
  client: S3Client,
  target: { readonly Bucket: string; readonly Key: string },
  error: unknown,
  writeId: string | undefined,
): Promise<Uploaded | undefined> {
  if (writeId === undefined || attemptsOf(error) < 2) return undefined;
  if (!isAwsError(error, 'PreconditionFailed', 412, 'NoSuchUpload')) return undefined;
  const there = await client.send(new HeadObjectCommand(target)).catch(() => undefined);
  if (there?.Metadata?.[WRITE_ID] !== writeId) return undefined;
  return { ETag: there.ETag, size: there.ContentLength ?? 0 };
}

function notAsExpected(url: string, only: NonNullable<PutOptions['only']>): PreconditionError {
  return new PreconditionError(
    only === 'absent' ? `there is an object ${url} already` : `${url} is not the object with this etag`,
  );
}
