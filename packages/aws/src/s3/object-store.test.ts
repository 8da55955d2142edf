import { inspect } from 'node:util';
import { ConfigError, NotFoundError, PreconditionError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import {
  FAKE_ENVIRONMENT,
  type FakeAnswer,
  type FakeAws,
  type FakeRequest,
  fakeAws,
  s3Error,
} from '../../test/fake-aws.ts';
import { s3ObjectStore } from '../index.ts';
import { PART_BYTES, PARTS_AT_ONCE } from './upload.ts';

/** What S3 answers in ways that no emulator gives on demand. */
let aws: FakeAws | undefined;

beforeAll(() => {
  Object.assign(process.env, FAKE_ENVIRONMENT);
});
afterEach(async () => {
  await aws?.close();
});

async function storeOver(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) {
  aws = await fakeAws(answer);
  return s3ObjectStore({ bucket: 'bucket', endpoint: aws.url });
}

const calls = () => (aws?.requests ?? []).map(({ method, query }) => `${method} ${[...query.keys()].sort()}`);
const bytes = (text: string) => new TextEncoder().encode(text);

const ETAG = { etag: '"e1"' };
const UPLOAD = '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>';
const COMPLETED = '<CompleteMultipartUploadResult><ETag>"e1-2"</ETag></CompleteMultipartUploadResult>';

/** An upload in parts that works, but for what `special` answers. */
function uploads(special: (request: FakeRequest) => FakeAnswer | undefined | Promise<undefined>) {
  return async (request: FakeRequest): Promise<FakeAnswer> => {
    const answer = await special(request);
    if (answer !== undefined) return answer;
    if (request.query.has('uploads')) return { body: UPLOAD };
    if (request.query.has('partNumber')) return { headers: ETAG };
    return request.method === 'DELETE' ? { status: 204 } : { body: COMPLETED };
  };
}

async function* megabytes(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(1024 * 1024);
}

describe('an upload in parts', () => {
  test('has the condition where the object gets its name', async () => {
    const store = await storeOver(uploads(() => undefined));
    const info = await store.put('k', megabytes(20), { only: 'absent', metadata: { a: 'b' } });
    expect(info).toMatchObject({ etag: 'e1-2', size: 20 * 1024 * 1024 });
    const [create] = aws?.requests ?? [];
    expect(create.headers['x-amz-meta-a']).toBe('b');
    const complete = aws?.requests.at(-1);
    expect(complete?.headers['if-none-match']).toBe('*');
    await store.put('k', megabytes(20), { only: { etag: 'e0' } });
    expect(aws?.requests.at(-1)?.headers['if-match']).toBe('"e0"');
  });

  test('whose condition does not hold is aborted', async () => {
    const store = await storeOver(
      uploads(({ method, query }) =>
        method === 'POST' && query.has('uploadId') ? s3Error(412, 'PreconditionFailed') : undefined,
      ),
    );
    await expect(store.put('k', megabytes(20), { only: 'absent' })).rejects.toThrow(PreconditionError);
    expect(calls().at(-1)).toMatch(/^DELETE .*uploadId/);
  });

  test('of which a part fails is aborted, and the body let go of', async () => {
    const store = await storeOver(
      uploads(({ query }) => (query.get('partNumber') === '2' ? s3Error(403, 'AccessDenied') : undefined)),
    );
    let released = false;
    async function* endless() {
      try {
        for (;;) yield new Uint8Array(1024 * 1024);
      } finally {
        released = true;
      }
    }
    await expect(store.put('k', endless())).rejects.toThrow(/^not allowed to write s3:\/\/bucket\/k:/);
    expect(released).toBe(true);
    expect(calls().at(-1)).toMatch(/^DELETE .*uploadId/);
    expect(calls().filter((call) => call.startsWith('POST') && call.includes('uploadId'))).toEqual([]);
  });

  test('whose body fails says what the body said, also when S3 does not take the abort', async () => {
    const failure = new Error('the sender went away');
    const store = await storeOver(
      uploads(({ method }) => (method === 'DELETE' ? s3Error(403, 'AccessDenied') : undefined)),
    );
    async function* body() {
      yield* megabytes(20);
      throw failure;
    }
    await expect(store.put('k', body())).rejects.toBe(failure);
    expect(calls().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
  });

  test('holds back no more than the parts that are on their way and one', async () => {
    let acknowledged = 0;
    let made = 0;
    let most = 0;
    const store = await storeOver(
      uploads(({ query, body }) => {
        if (query.has('partNumber')) acknowledged += body.length;
        return undefined;
      }),
    );
    async function* body() {
      for await (const piece of megabytes(96)) {
        most = Math.max(most, made - acknowledged);
        made += piece.length;
        yield piece;
      }
    }
    await store.put('k', body());
    expect(most).toBeLessThanOrEqual((PARTS_AT_ONCE + 1) * PART_BYTES);
    expect(made).toBe(96 * 1024 * 1024);
  });
});

describe('a write with a condition whose answer gets lost', () => {
  const lost = (idAtHead: (sent: string) => string) => {
    let sent: string | undefined;
    return ({ method, headers }: FakeRequest): FakeAnswer => {
      const id = String(headers['x-amz-meta-lakewright-write']);
      if (method === 'HEAD') {
        const own = { 'x-amz-meta-lakewright-write': idAtHead(String(sent)) };
        return { headers: { ...ETAG, 'content-length': '4', ...own } };
      }
      if (sent !== undefined) return s3Error(412, 'PreconditionFailed');
      sent = id;
      return 'hang up';
    };
  };

  test('was written all the same', async () => {
    const store = await storeOver(lost((sent) => sent));
    expect(await store.put('k', bytes('body'), { only: 'absent' })).toMatchObject({ etag: 'e1', size: 4 });
    expect(calls().map((call) => call.split(' ')[0])).toEqual(['PUT', 'PUT', 'HEAD']);
  });

  test('was not written when somebody else was first', async () => {
    const store = await storeOver(lost(() => 'another'));
    const put = store.put('k', bytes('body'), { only: 'absent' });
    await expect(put).rejects.toThrow(PreconditionError);
  });

  test('a refusal at the first try is believed', async () => {
    const store = await storeOver(() => s3Error(412, 'PreconditionFailed'));
    await expect(store.put('k', bytes('body'), { only: 'absent' })).rejects.toThrow(/object .* already/);
    expect(calls()).toHaveLength(1);
  });

  test('"somebody else is writing" is asked again', async () => {
    let times = 0;
    const store = await storeOver(() =>
      ++times < 3 ? s3Error(409, 'ConditionalRequestConflict') : { headers: ETAG },
    );
    expect(await store.put('k', bytes('body'), { only: 'absent' })).toMatchObject({ etag: 'e1' });
    expect(times).toBe(3);
  });
});

describe('reading', () => {
  test('an answer that breaks off is an error, whatever came', async () => {
    const body = new Uint8Array(1_000_000);
    const store = await storeOver(() => ({ headers: ETAG, body, cutAt: 400_000 }));
    await expect(store.get('k')).rejects.toThrow(UnavailableError);
    await expect(store.get('k')).rejects.toThrow(/^could not read s3:\/\/bucket\/k: /);
  });

  test('bytes that are not those that S3 has a checksum of are an error', async () => {
    const headers = { ...ETAG, 'x-amz-checksum-crc32': 'AAAAAA==' };
    const store = await storeOver(() => ({ headers, body: 'not what was stored' }));
    await expect(store.get('k')).rejects.toThrow(UnavailableError);
  });

  test('a busy S3 is asked again', async () => {
    let times = 0;
    const store = await storeOver(() =>
      ++times < 3 ? s3Error(503, 'SlowDown') : { headers: ETAG, body: 'here' },
    );
    expect(new TextDecoder().decode(await store.get('k'))).toBe('here');
  });

  test('a type that nobody gave goes by the suffix', async () => {
    const headers = { ...ETAG, 'content-type': 'binary/octet-stream', 'content-length': '1' };
    const store = await storeOver(() => ({ headers }));
    expect(await store.describe('a.json')).toMatchObject({ contentType: 'application/json' });
    expect(await store.describe('a')).toMatchObject({ contentType: 'application/octet-stream' });
  });

  test('a mistyped bucket is told from an empty one, and asked for once', async () => {
    const missing = await storeOver(() => ({ status: 404 }));
    await expect(missing.head('k')).rejects.toThrow(ConfigError);
    await expect(missing.head('k')).rejects.toThrow(/there is no bucket bucket/);
    await aws?.close();
    const empty = await storeOver(({ path }) => ({ status: path.length > '/bucket/'.length ? 404 : 200 }));
    expect(await empty.head('k')).toBeUndefined();
    expect(await empty.describe('k')).toBeUndefined();
    expect(calls()).toHaveLength(3);
  });
});

describe('a look that S3 answers with a bare 400', () => {
  const bare = (code: string) => (request: FakeRequest) =>
    request.method === 'HEAD' ? { status: request.path === '/bucket/k' ? 400 : 200 } : s3Error(400, code);

  test('is for a version that cannot be', async () => {
    const store = await storeOver(bare('InvalidArgument'));
    expect(await store.describe('k', { versionId: 'v' })).toBeUndefined();
    await expect(store.open('k', { versionId: 'v' })).rejects.toThrow(NotFoundError);
  });

  test('is not taken for an object that is gone when the credentials are', async () => {
    const store = await storeOver(bare('ExpiredToken'));
    await expect(store.describe('k', { versionId: 'v' })).rejects.toThrow(ConfigError);
    await expect(store.head('k')).rejects.toThrow(/no AWS credentials .*ExpiredToken/);
  });
});

describe('errors', () => {
  test.each<[FakeAnswer, abstract new (...args: never[]) => Error]>([
    [s3Error(404, 'NoSuchKey'), NotFoundError],
    [s3Error(404, 'NoSuchBucket'), ConfigError],
    [s3Error(403, 'AccessDenied'), ConfigError],
    [s3Error(301, 'PermanentRedirect'), ConfigError],
    [s3Error(400, 'ExpiredToken'), ConfigError],
    [s3Error(412, 'PreconditionFailed'), PreconditionError],
  ])('%o', async (answer, kind) => {
    const store = await storeOver(() => answer);
    await expect(store.get('k')).rejects.toThrow(kind);
    await expect(store.get('k')).rejects.toThrow(/bucket/);
  });

  test('a region of China and of the government have ARNs of their own', async () => {
    aws = await fakeAws(() => s3Error(403, 'AccessDenied'));
    const store = s3ObjectStore({ bucket: 'b', prefix: 'p/', endpoint: aws.url, region: 'cn-north-1' });
    await expect(store.get('k')).rejects.toMatchObject({
      hint: expect.stringContaining('arn:aws-cn:s3:::b/p/k'),
    });
  });

  test('hold neither content nor credentials', async () => {
    const answered = '<AWSAccessKeyId>AKIAFAKE</AWSAccessKeyId><StringToSign>to-sign</StringToSign>';
    const store = await storeOver(() => s3Error(403, 'SignatureDoesNotMatch', answered));
    const error = await store.put('k', bytes('the content of a patient')).catch((e: unknown) => e);
    const text = inspect(error, { depth: 10, showHidden: true });
    expect(text).toContain('s3://bucket/k');
    expect(text).not.toMatch(/patient|AKIAFAKE|to-sign|nobody-may-see/);
  });

  test('nobody there', async () => {
    process.env.AWS_MAX_ATTEMPTS = '1';
    try {
      const store = await storeOver(() => ({}));
      await aws?.close();
      await expect(store.get('k')).rejects.toThrow(UnavailableError);
      await expect(store.head('k')).rejects.toThrow(/^could not look at s3:\/\/bucket\/k: ECONNREFUSED$/);
      await expect(store.put('k', bytes('x'))).rejects.toThrow(UnavailableError);
      await expect(store.delete('k')).rejects.toThrow(UnavailableError);
      await expect(Array.fromAsync(store.list(''))).rejects.toThrow(UnavailableError);
    } finally {
      delete process.env.AWS_MAX_ATTEMPTS;
    }
  });

  test.each(['/lake/', 'lake'])('the prefix %s is none', (prefix) => {
    expect(() => s3ObjectStore({ bucket: 'b', prefix })).toThrow(ConfigError);
  });

  test('a store that is closed lets go of its connections', async () => {
    const store = await storeOver(() => ({ headers: ETAG, body: 'x' }));
    await store.get('k');
    expect(await aws?.connections()).toBe(1);
    await store.close();
    await waitFor('the connection to end', async () => (await aws?.connections()) === 0);
  });

  test('a store without a place for copies gives no paths', async () => {
    const store = await storeOver(() => ({}));
    await expect(store.localPath('k')).rejects.toThrow(ConfigError);
  });
});
