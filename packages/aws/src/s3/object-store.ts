import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  type Clock,
  ConfigError,
  NotFoundError,
  type ObjectBody,
  type ObjectDescription,
  type ObjectInfo,
  type ObjectRange,
  type ObjectStore,
  PreconditionError,
  type PutOptions,
  systemClock,
  UnavailableError,
} from '@lakewright/core';
import { regionOf, type S3ClientOptions, s3Client } from '../clients.ts';
import { awsError, type Deed, isAwsError } from '../errors.ts';
import { S3Address } from './address.ts';
import { quoted, unquoted } from './etags.ts';
import { listObjects } from './listing.ts';
import { LocalCopies, type LocalCopiesOptions } from './local-copies.ts';
import { readRange } from './ranges.ts';
import { descriptionOf } from './said.ts';
import { writeObject } from './writes.ts';

/** Times that an object which is replaced while it is copied to this machine is copied anew. */
const COPY_ATTEMPTS = 5;

export interface S3ObjectStoreOptions extends S3ClientOptions {
  readonly bucket: string;
  /** Where in the bucket the store is, with a slash at its end. Default: all of the bucket. */
  readonly prefix?: string;
  /** Where objects are copied to for `localPath`. Without it that method throws ConfigError. */
  readonly localCopies?: LocalCopiesOptions;
  readonly clock?: Clock;
}

export interface S3Store extends ObjectStore {
  /** Lets go of the connections; what is still being read or written fails. */
  close(): Promise<void>;
}

/**
 * An ObjectStore over a bucket of S3, or over one of a store that speaks S3's protocol. Nothing is asked of it
 * before the first call. Errors beside the port's: ConfigError for credentials, rights, region and bucket,
 * BadInputError and LimitError for what S3 takes from nobody, AwsError for any other refusal.
 *
 * What a write answers as `lastModifiedMs` is this machine's time: S3 does not say its own, which it rounds to
 * seconds. An upload in parts that a crash leaves is not seen by readers, and paid for until a lifecycle rule
 * of the bucket (AbortIncompleteMultipartUpload) removes it.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): S3Store {
  return new S3ObjectStore(options);
}

class S3ObjectStore implements S3Store {
  readonly #client: S3Client;
  readonly #address: S3Address;
  readonly #copies: LocalCopies | undefined;
  readonly #clock: Clock;
  #bucketIsThere = false;

  constructor(options: S3ObjectStoreOptions) {
    this.#client = s3Client(options);
    this.#address = new S3Address(options.bucket, options.prefix ?? '', regionOf(options));
    this.#copies = options.localCopies === undefined ? undefined : new LocalCopies(options.localCopies);
    this.#clock = options.clock ?? systemClock;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    const { ETag, size } = await writeObject(this.#client, this.#address, { key, body, options });
    return { key, etag: unquoted(ETag), size, lastModifiedMs: this.#clock.now() };
  }

  async get(key: string): Promise<Uint8Array> {
    const { body } = await this.open(key);
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  async open(key: string, options: { versionId?: string; etag?: string } = {}): Promise<ObjectBody> {
    const { versionId, etag } = options;
    const deed = this.#address.deed('read', 's3:GetObject', key, versionId);
    const letGo = new AbortController();
    const command = new GetObjectCommand({
      ...this.#target(key),
      VersionId: versionId,
      ...(etag === undefined ? {} : { IfMatch: quoted(etag) }),
    });
    try {
      const answer = await this.#client.send(command, { abortSignal: letGo.signal });
      if (!(answer.Body instanceof Readable)) throw new UnavailableError(`${deed.what} gave no bytes`);
      const description = descriptionOf(key, answer);
      return { ...description, body: bytesOf(answer.Body, description.size, deed, letGo) };
    } catch (error) {
      if (isNoVersion(error, versionId)) throw new NotFoundError(deed.missing ?? deed.what);
      throw awsError(error, deed);
    }
  }

  async read(key: string, range: { start: number; end: number; etag?: string }): Promise<ObjectRange> {
    return readRange(this.#client, this.#address, key, range);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const description = await this.describe(key);
    if (description === undefined) return undefined;
    const { etag, size, lastModifiedMs } = description;
    return { key, etag, size, lastModifiedMs };
  }

  async describe(key: string, options: { versionId?: string } = {}): Promise<ObjectDescription | undefined> {
    const { versionId } = options;
    const target = this.#target(key);
    try {
      const answer = await this.#client.send(new HeadObjectCommand({ ...target, VersionId: versionId }));
      return descriptionOf(key, answer);
    } catch (error) {
      const refusal = isAwsError(error, 400)
        ? await this.#refusalOfReading(key, versionId)
        : awsError(error, this.#address.deed('look at', 's3:GetObject', key, versionId));
      if (!(refusal instanceof NotFoundError)) throw refusal;
      await this.#requireBucket();
      return undefined;
    }
  }

  /**
   * S3 answers a look that it does not understand with a bare 400, be it for an id that no version can have or
   * for a token that has expired: reading the object fails the same way, and says why.
   */
  async #refusalOfReading(key: string, versionId: string | undefined): Promise<unknown> {
    try {
      const { body } = await this.open(key, { versionId });
      for await (const _ of body) break;
    } catch (error) {
      return error;
    }
    return new UnavailableError(`${this.#address.urlOf(key)} can be read and not looked at`);
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    yield* listObjects(this.#client, this.#address, prefix, options.startAfter);
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#target(key)));
    } catch (error) {
      throw awsError(error, this.#address.deed('delete', 's3:DeleteObject', key));
    }
  }

  async localPath(key: string): Promise<string> {
    const target = this.#address.urlOf(this.#checked(key));
    if (this.#copies === undefined) {
      throw new ConfigError(`${target} cannot be copied to this machine: no directory is set for that`, {
        hint: 'give the store a directory for local copies',
      });
    }
    for (let attempt = 1; ; attempt++) {
      const info = await this.head(key);
      if (info === undefined) throw new NotFoundError(`no object ${target}`);
      try {
        return await this.#copies.pathOf(target, info, () => this.open(key, { etag: info.etag }));
      } catch (error) {
        if (!(error instanceof PreconditionError) || attempt >= COPY_ATTEMPTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #checked(key: string): string {
    this.#address.inBucket(key);
    return key;
  }

  #target(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#address.bucket, Key: this.#address.inBucket(key) };
  }

  /**
   * S3 answers a look at an object with the same 404 whether the object or the whole bucket is not there. A
   * mistyped bucket must not look like an empty one, so the first 404 asks for the bucket, once.
   */
  async #requireBucket(): Promise<void> {
    if (this.#bucketIsThere) return;
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#address.bucket }));
    } catch (error) {
      if (isAwsError(error, 404)) {
        throw new ConfigError(`there is no bucket ${this.#address.bucket}`, {
          hint: 'check the name of the bucket, the account and AWS_REGION',
        });
      }
      const refusal = awsError(error, this.#address.bucketDeed('look at', 's3:ListBucket'));
      // Who may not list the bucket is not told; that it is there is what the object's 404 then means.
      if (!isAwsError(error, 403)) throw refusal;
    }
    this.#bucketIsThere = true;
  }
}

/** The bytes of an answer. Leaving the loop ends the connection; an answer that breaks off is an error. */
async function* bytesOf(
  body: Readable,
  size: number,
  deed: Deed,
  letGo: AbortController,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      received += piece.byteLength;
      yield piece;
    }
  } catch (error) {
    throw awsError(error, deed);
  } finally {
    if (received < size) {
      body.destroy();
      letGo.abort();
    }
  }
  if (received !== size) throw new UnavailableError(`could not ${deed.what}: it broke off`);
}

/** S3 answers an id that no version can have as any other argument that cannot be. */
function isNoVersion(error: unknown, versionId: string | undefined): boolean {
  return versionId !== undefined && isAwsError(error, 'InvalidArgument');
}
