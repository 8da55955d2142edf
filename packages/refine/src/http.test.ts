import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DeadMessage, LakewrightError, NotFoundError, type Queue } from '@lakewright/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { message, type Stand, stand } from '../test/stand.ts';
import { addRefineRoutes } from './http.ts';
import { ruleSet } from './rule-set.ts';

const BASE = '/api/v1/refine/rules/Refiner';
const dead: DeadMessage[] = [];
let on: Stand;
let app: FastifyInstance;
let announced: string[];

const queue = {
  counts: async () => ({ waiting: 1, inFlight: 2, dead: 3 }),
  deadLetters: async () => dead,
  redrive: async () => dead.length,
} as Partial<Queue> as Queue;

beforeEach(async () => {
  on = await stand();
  announced = [];
  app = Fastify();
  app.setErrorHandler((error, _request, reply) => {
    const code = error instanceof LakewrightError ? error.code : 'INTERNAL';
    return reply
      .code(error instanceof NotFoundError ? 404 : 400)
      .send({ code, message: (error as Error).message });
  });
  const set = ruleSet({
    rule: on.rule,
    store: on.store,
    queue: async () => queue,
    announce: async ({ key }) => void announced.push(key),
  });
  addRefineRoutes(app, {
    ruleSets: (organization) => (organization === 'ours' ? [set] : []),
    organizationOf: (asked) => String(asked.headers.organization ?? 'ours'),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

const url = (path: string) => `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`;
const put = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url(`${BASE}/input/${path}`), {
    method: 'PUT',
    body,
    headers: { 'content-type': 'text/plain', ...headers },
  });

describe('the routes of refine', () => {
  it('store what is pushed, with its type and metadata, and announce it', async () => {
    const response = await put('a%20b/%C3%A9%2B.txt', 'hello', { 'x-amz-meta-ward': '7' });
    expect(response.status).toBe(201);
    const key = 'RefinerInput/a b/é+.txt';
    expect(await response.json()).toEqual({ key, etag: expect.any(String), size: 5 });
    expect(await on.text(key)).toBe('hello');
    expect(await on.store.describe(key)).toMatchObject({
      contentType: 'text/plain',
      metadata: { ward: '7' },
    });
    expect(announced).toEqual([key]);
  });

  it('take any type, JSON too, byte for byte, and long names', async () => {
    const path = `${'x'.repeat(200)}/${'y'.repeat(200)}.json`;
    expect((await put(path, '{"not": JSON', { 'content-type': 'application/json' })).status).toBe(201);
    expect(await on.text(`RefinerInput/${path}`)).toBe('{"not": JSON');
  });

  it('refuse an input that could never be completed, and paths that lead elsewhere', async () => {
    expect((await put('z'.repeat(251), 'hello')).status).toBe(400);
    for (const path of ['a%2F..%2Fb', 'a%2F%2Fb', '.%2Fa'])
      expect((await put(path, 'hello')).status).toBe(400);
    expect(await on.keys('')).toEqual([]);
    expect(announced).toEqual([]);
  });

  it('store an empty object', async () => {
    expect((await put('empty.txt', '')).status).toBe(201);
    expect((await on.store.head('RefinerInput/empty.txt'))?.size).toBe(0);
  });

  it('store nothing of a body that breaks off', async () => {
    const broken = Promise.withResolvers<void>();
    const sent = request(url(`${BASE}/input/cut.txt`), {
      method: 'PUT',
      headers: { 'content-length': 1000 },
    });
    sent.on('error', () => broken.resolve());
    sent.write('half of it', () => sent.destroy());
    sent.on('close', () => broken.resolve());
    await broken.promise;
    await app.close();
    expect(await on.keys('RefinerInput/')).toEqual([]);
    expect(announced).toEqual([]);
  });

  it('page through completions', async () => {
    for (let i = 0; i < 1001; i++) {
      await on.store.put(`RefinerComplete/${String(i).padStart(4, '0')}.json`, new Uint8Array([91, 93]));
    }
    const first = (await (await fetch(url(`${BASE}/completions`))).json()) as {
      completions: object[];
      next: string;
    };
    expect(first.completions).toHaveLength(1000);
    expect(first.next).toBe('RefinerComplete/0999.json');
    const rest = await fetch(url(`${BASE}/completions?after=${encodeURIComponent(first.next)}`));
    expect(await rest.json()).toEqual({
      completions: [expect.objectContaining({ key: 'RefinerComplete/1000.json' })],
    });
  });

  it('give and remove objects of the rule, and no others', async () => {
    await put('a.txt', 'hello');
    await on.store.put('db/secret.parquet', new Uint8Array([1]));
    const got = await fetch(url(`${BASE}/objects/RefinerInput/a.txt`));
    expect([got.status, got.headers.get('content-type'), await got.text()]).toEqual([
      200,
      'text/plain',
      'hello',
    ]);
    for (const key of ['db/secret.parquet', 'RefinerInput/none.txt', 'RefinerInput/../db/secret.parquet']) {
      expect((await fetch(url(`${BASE}/objects/${key.replaceAll('/', '%2F')}`))).status).not.toBe(200);
    }
    expect((await fetch(url(`${BASE}/objects/db/secret.parquet`), { method: 'DELETE' })).status).toBe(404);
    expect((await fetch(url(`${BASE}/objects/RefinerInput/a.txt`), { method: 'DELETE' })).status).toBe(204);
    expect(await on.keys('')).toEqual(['db/secret.parquet']);
  });

  it('tell of rules and dead letters, of which they show keys and never bodies', async () => {
    const { body } = message(await on.input('a.txt'));
    dead.splice(
      0,
      2,
      { id: '1', body, receives: 5, sentAtMs: 7, reason: 'bad' },
      { ...dead[0], id: '2', body: 'Jane', receives: 1, sentAtMs: 8, reason: undefined },
    );
    const rules = await (await fetch(url('/api/v1/refine/rules'))).json();
    expect(rules).toEqual({
      rules: [
        expect.objectContaining({
          name: 'Refiner',
          inputPrefix: 'RefinerInput/',
          waiting: 1,
          inFlight: 2,
          dead: 3,
        }),
      ],
    });
    const text = await (await fetch(url(`${BASE}/dead-letters`))).text();
    expect(JSON.parse(text)).toEqual({
      deadLetters: [
        { id: '1', keys: ['RefinerInput/a.txt'], receives: 5, sentAtMs: 7, reason: 'bad' },
        { id: '2', keys: [], receives: 1, sentAtMs: 8 },
      ],
    });
    expect(text).not.toContain('Jane');
    const redriven = await fetch(url(`${BASE}/redrive`), { method: 'POST' });
    expect(await redriven.json()).toEqual({ redriven: 2 });
  });

  it('are not there for other organizations', async () => {
    const headers = { organization: 'theirs' };
    expect(await (await fetch(url('/api/v1/refine/rules'), { headers })).json()).toEqual({ rules: [] });
    for (const [method, path] of [
      ['GET', 'completions'],
      ['GET', 'objects/RefinerInput/a.txt'],
      ['POST', 'redrive'],
      ['PUT', 'input/a.txt'],
    ]) {
      expect((await fetch(url(`${BASE}/${path}`), { method, headers })).status).toBe(404);
    }
    expect(await on.keys('')).toEqual([]);
  });
});
