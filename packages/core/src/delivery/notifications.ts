import { BadInputError } from '../errors.ts';

/** An object that was made, as a notification tells of it. */
export interface ObjectCreated {
  readonly bucket: string;
  /** As the object is called, decoded. */
  readonly key: string;
  /** Undefined where the bucket keeps no versions. */
  readonly versionId: string | undefined;
  readonly etag: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** Orders the events of one key: hexadecimal, compared after padding to the same length. */
  readonly sequencer: string | undefined;
}

/** What a message says: objects that were made, or why it asks for nothing. */
export type Notification =
  | { readonly kind: 'created'; readonly objects: readonly ObjectCreated[] }
  | { readonly kind: 'nothing'; readonly reason: string };

/**
 * Reads a message of a queue that hears of objects: an EventBridge event of S3 (keys as they are) or an S3
 * event notification (keys form-encoded), which an `s3:TestEvent` is too. Throws BadInputError for anything
 * else: a message that nobody understands must not vanish. The text of the message is never in the error.
 *
 * Shapes: "Event message structure" and "EventBridge event message structure" in the S3 User Guide.
 */
export function parseNotification(body: string): Notification {
  const message = parseObject(body);
  if ('detail-type' in message) return fromEventBridge(message);
  if (Array.isArray(message.Records)) return fromRecords(message.Records);
  if (message.Event === 's3:TestEvent') return { kind: 'nothing', reason: 'a test event of S3' };
  throw new BadInputError('the message is neither an EventBridge event nor an S3 event notification', {
    hint: `its fields are ${JSON.stringify(Object.keys(message).slice(0, 10))}`,
  });
}

/** The EventBridge event that S3 would send for `object`, as JSON; `time` in milliseconds since the epoch. */
export function objectCreatedEvent(object: ObjectCreated, id: string, timeMs: number): string {
  const { bucket, key, versionId, etag, size, sequencer } = object;
  return JSON.stringify({
    version: '0',
    id,
    'detail-type': CREATED,
    source: SOURCE,
    time: new Date(timeMs).toISOString(),
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: { key, size, etag, 'version-id': versionId, sequencer },
    },
  });
}

/**
 * Whether sequencer `a` is of a later event of the same key than `b`: both are padded with zeros on the left
 * to one length and compared as text, as the S3 User Guide says.
 */
export function isLater(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  return a.padStart(length, '0').toLowerCase() > b.padStart(length, '0').toLowerCase();
}

const SOURCE = 'aws.s3';
const CREATED = 'Object Created';

type Fields = Readonly<Record<string, unknown>>;

function parseObject(body: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new BadInputError('the message is not JSON');
  }
  return fields(value, 'the message');
}

function fromEventBridge(message: Fields): Notification {
  if (message.source !== SOURCE || message['detail-type'] !== CREATED) {
    const type = `${String(message.source)} / ${String(message['detail-type'])}`;
    return { kind: 'nothing', reason: `an event of another type: ${type.slice(0, 200)}` };
  }
  const detail = fields(message.detail, 'detail');
  const object = fields(detail.object, 'detail.object');
  return {
    kind: 'created',
    objects: [
      {
        bucket: text(fields(detail.bucket, 'detail.bucket').name, 'detail.bucket.name'),
        key: text(object.key, 'detail.object.key'),
        versionId: versionOf(object['version-id']),
        etag: optionalText(object.etag),
        size: optionalNumber(object.size),
        sequencer: optionalText(object.sequencer),
      },
    ],
  };
}

function fromRecords(records: readonly unknown[]): Notification {
  const objects = records.map((record, i) => fromRecord(fields(record, `Records[${i}]`), `Records[${i}]`));
  const created = objects.filter((object) => object !== undefined);
  return created.length > 0
    ? { kind: 'created', objects: created }
    : { kind: 'nothing', reason: 'no record of an object that was made' };
}

function fromRecord(record: Fields, where: string): ObjectCreated | undefined {
  if (record.eventSource !== 'aws:s3') {
    throw new BadInputError(`${where} is not from aws:s3`);
  }
  if (!text(record.eventName, `${where}.eventName`).startsWith('ObjectCreated:')) return undefined;
  const s3 = fields(record.s3, `${where}.s3`);
  const object = fields(s3.object, `${where}.s3.object`);
  return {
    bucket: text(fields(s3.bucket, `${where}.s3.bucket`).name, `${where}.s3.bucket.name`),
    key: formDecoded(text(object.key, `${where}.s3.object.key`), `${where}.s3.object.key`),
    versionId: versionOf(object.versionId),
    etag: optionalText(object.eTag),
    size: optionalNumber(object.size),
    sequencer: optionalText(object.sequencer),
  };
}

/** Spaces are `+` and everything unusual is %XX, as in a form. */
function formDecoded(encoded: string, where: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw new BadInputError(`${where} is not form-encoded UTF-8`);
  }
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new BadInputError(`${what} is not an object`);
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new BadInputError(`${what} is not a string, or empty`);
}

/** `null` is what S3 calls the version of an object that was put before versioning. */
function versionOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replaceAll('"', '') : undefined;
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
