import { BadInputError, ConfigError } from '@lakewright/core';
import type { Deed } from '../errors.ts';
import { partitionOf } from '../partitions.ts';

/** S3's limit. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/** A part of a bucket: where keys of the store are, and how messages and ARNs call them. */
export class S3Address {
  readonly bucket: string;
  /** In the bucket, before every key of the store: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly #partition: string;

  /** Throws ConfigError for a bucket without a name and a prefix that is none. */
  constructor(bucket: string, prefix: string, region: string | undefined) {
    if (bucket === '') throw new ConfigError('the name of the S3 bucket is empty');
    if (prefix.startsWith('/') || (prefix !== '' && !prefix.endsWith('/'))) {
      throw new ConfigError(`the prefix ${JSON.stringify(prefix)} in bucket ${bucket} is none`, {
        hint: 'write it without a slash at the front and with one at the end: lake/',
      });
    }
    this.bucket = bucket;
    this.prefix = prefix;
    this.#partition = partitionOf(region);
  }

  /**
   * The key in the bucket for a key of the store. Throws BadInputError for what is no key: empty, with a slash
   * at the front, a NUL or half a surrogate pair, or longer than S3 takes (1,024 bytes, the prefix counted).
   */
  inBucket(key: string): string {
    const fault = this.faultOf(key);
    if (fault !== undefined) {
      throw new BadInputError(`object key ${JSON.stringify(key.slice(0, 200))}: ${fault}`, {
        hint: 'keys are relative paths such as otel-raw/a/b.zst',
      });
    }
    return this.prefix + key;
  }

  /** Why `key` cannot name an object of the store, or undefined when it can. */
  faultOf(key: string): string | undefined {
    if (key === '') return 'is empty';
    if (key.startsWith('/')) return 'begins with a slash';
    if (key.includes('\0')) return 'holds a NUL';
    if (!key.isWellFormed()) return 'is not valid Unicode';
    if (Buffer.byteLength(this.prefix + key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
    return undefined;
  }

  /** What is done to an object, for messages. */
  deed(verb: string, action: string, key: string, versionId?: string): Deed {
    const name = this.urlOf(key);
    const version = versionId === undefined ? '' : ` in version ${versionId}`;
    return {
      what: `${verb} ${name}${version}`,
      action: versionId === undefined ? action : `${action}Version`,
      resource: `${this.#arn()}/${this.prefix}${key}`,
      missing: `no object ${name}${version}`,
    };
  }

  /** What is done to the bucket, for messages. */
  bucketDeed(verb: string, action: string): Deed {
    return { what: `${verb} s3://${this.bucket}/${this.prefix}`, action, resource: this.#arn() };
  }

  urlOf(key: string): string {
    return `s3://${this.bucket}/${this.prefix}${key}`;
  }

  #arn(): string {
    return `arn:${this.#partition}:s3:::${this.bucket}`;
  }
}
