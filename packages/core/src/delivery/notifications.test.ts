import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../errors.ts';
import { isLater, objectCreatedEvent, parseNotification } from './notifications.ts';

const record = (key: string, more: object = {}) => ({
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'data-repository' }, object: { key, ...more } },
});

const object = {
  bucket: 'data-repository',
  key: 'RefinerInput/a b+c%20.txt',
  versionId: 'v1',
  etag: 'd41d',
  size: 12,
  sequencer: '0055AED6DCD90281E5',
};

describe('parseNotification', () => {
  it('reads an EventBridge event, whose key is as it is', () => {
    const body = objectCreatedEvent(object, 'e1', Date.UTC(2026, 0, 2));
    expect(parseNotification(body)).toEqual({ kind: 'created', objects: [object] });
  });

  it('reads S3 notifications, whose keys are form-encoded', () => {
    const body = JSON.stringify({
      Records: [
        record('RefinerInput/a+b%2Bc%2520.txt', { versionId: 'v1', eTag: 'd41d', size: 12, sequencer: 'AB' }),
        record('%C3%A9.txt'),
        { ...record('gone'), eventName: 'ObjectRemoved:Delete' },
      ],
    });
    expect(parseNotification(body)).toEqual({
      kind: 'created',
      objects: [
        { ...object, sequencer: 'AB' },
        {
          bucket: 'data-repository',
          key: 'é.txt',
          versionId: undefined,
          etag: undefined,
          size: undefined,
          sequencer: undefined,
        },
      ],
    });
  });

  it('gives back any key, however it was encoded', () => {
    const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(key, (any) => {
        const raw = parseNotification(objectCreatedEvent({ ...object, key: any }, 'e', 0));
        const encoded = encodeURIComponent(any).replaceAll('%20', '+');
        const form = parseNotification(JSON.stringify({ Records: [record(encoded)] }));
        expect(raw).toMatchObject({ objects: [{ key: any }] });
        expect(form).toMatchObject({ objects: [{ key: any }] });
      }),
    );
  });

  it.each<[string, object, RegExp]>([
    ['a test event', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b', Time: 'now' }, /test event/],
    [
      'another event of S3',
      { source: 'aws.s3', 'detail-type': 'Object Deleted', detail: {} },
      /aws.s3 \/ Object Deleted/,
    ],
    ['an event of another source', { source: 'mine', 'detail-type': 'Object Created', detail: {} }, /mine/],
    ['deletions alone', { Records: [{ ...record('a'), eventName: 'ObjectRemoved:Delete' }] }, /no record/],
  ])('asks for nothing after %s, and says why', (_what, message, reason) => {
    expect(parseNotification(JSON.stringify(message))).toEqual({
      kind: 'nothing',
      reason: expect.stringMatching(reason),
    });
  });

  it.each<[string, string, RegExp]>([
    ['text', 'John Doe, born 1970', /not JSON/],
    ['a list', '[1]', /is not an object/],
    ['null', 'null', /is not an object/],
    ['an object of another kind', '{"patient":"John Doe"}', /neither/],
    ['no detail', '{"source":"aws.s3","detail-type":"Object Created"}', /detail is not an object/],
    [
      'no key',
      '{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{}}}',
      /detail.object.key/,
    ],
    ['a record of another source', '{"Records":[{"eventSource":"aws:sns"}]}', /Records\[0\]/],
    ['a badly encoded key', JSON.stringify({ Records: [record('a%zz')] }), /form-encoded/],
  ])('refuses %s, and does not repeat it', (_what, body, message) => {
    expect(() => parseNotification(body)).toThrow(BadInputError);
    expect(() => parseNotification(body)).toThrow(message);
    expect(() => parseNotification(body)).not.toThrow(/John Doe/);
  });
});

describe('isLater', () => {
  it.each([
    ['0055AED6DCD90281E5', '0055AED6DCD90281E4', true],
    ['0055AED6DCD90281E5', '0055AED6DCD90281E5', false],
    ['10', 'FF', false],
    ['100', 'FF', true],
    ['ff', 'FE', true],
  ])('%s after %s: %s', (a, b, later) => {
    expect(isLater(a, b)).toBe(later);
  });
});
