import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInputError, LimitError, systemClock } from '@lakewright/core';
import { storedColumns, TABLE_NAMES } from '@lakewright/lake';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORG, T0, type TestLake, testLake } from '../../test/lake.ts';
import { KEY, startWorker } from '../../test/workers.ts';
import { askWorker, WorkerFailure } from './ask.ts';
import type { Condition } from './conditions.ts';
import { HEADERS, sha256, unitsPath } from './protocol.ts';
import type { QueryWorker } from './server.ts';
import { createSigner, SIGNATURE_WINDOW_MS } from './signature.ts';
import { encodeUnit, parseUnit, type Unit } from './unit.ts';

let lake: TestLake;
let worker: QueryWorker;
let unit: Unit;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lakewright-wire-'));
  lake = await testLake();
  const segment = await lake.add({ rows: [{ time: T0, service: 'cart' }] });
  worker = await startWorker(lake);
  unit = {
    organization: ORG,
    table: 'logs',
    columns: ['service_name'],
    keys: [],
    counted: false,
    conditions: [],
    segments: [segment],
    maxAnswerBytes: 1_000_000,
  };
});
afterAll(async () => {
  await worker.close();
  await lake.close();
  rmSync(directory, { recursive: true });
});

const signer = createSigner(KEY, systemClock);
const PATH = unitsPath(5);

async function post(body: string, authorization?: string, path = PATH) {
  const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) };
  const response = await fetch(worker.url + path, { method: 'POST', headers, body });
  const text = await response.text();
  return { status: response.status, text };
}

const authorize = (body: string, by = signer, method = 'POST', path = PATH) =>
  by.request({ method, path, digest: sha256(body) }).authorization;

describe('a worker', () => {
  it('answers what is signed, once', async () => {
    const body = encodeUnit(unit);
    const authorization = authorize(body);
    expect((await post(body, authorization)).status).toBe(200);
    expect(await post(body, authorization)).toMatchObject({
      status: 401,
      text: expect.stringContaining('made before'),
    });
  });

  const late = (ms: number) => createSigner(KEY, { now: () => Date.now() + ms });
  it.each<[string, (body: string) => string | undefined, RegExp]>([
    ['nothing', () => undefined, /not signed/],
    ['a bearer key', () => `Bearer ${KEY}`, /not signed/],
    ['another key', (body) => authorize(body, createSigner('y'.repeat(32), systemClock)), /not right/],
    ['another body', (body) => authorize(`${body} `), /not right/],
    ['another path', (body) => authorize(body, signer, 'POST', unitsPath(500)), /not right/],
    ['another method', (body) => authorize(body, signer, 'GET'), /not right/],
    ['a time that was', (body) => authorize(body, late(-SIGNATURE_WINDOW_MS - 2000)), /clocks/],
    ['a time to come', (body) => authorize(body, late(SIGNATURE_WINDOW_MS + 2000)), /clocks/],
    [
      'a changed nonce',
      (body) => authorize(body).replace(/nonce=(.)/, (_all, first) => `nonce=${first === '0' ? 1 : 0}`),
      /not right/,
    ],
    ['a cut signature', (body) => authorize(body).slice(0, -1), /not signed/],
  ])('refuses a request signed with %s', async (_name, header, reason) => {
    const body = encodeUnit(unit);
    const { status, text } = await post(body, header(body));
    expect(status).toBe(401);
    expect(text).toMatch(reason);
    expect(text).not.toContain(KEY);
  });

  it.each<[string, string]>([
    ['no JSON', 'SELECT 1'],
    [
      'SQL in place of a column',
      JSON.stringify({ ...JSON.parse(encodeUnit(dummy())), columns: ['1; DROP'] }),
    ],
    ['an unknown table', JSON.stringify({ ...JSON.parse(encodeUnit(dummy())), table: 'secrets' })],
  ])('refuses %s, signed or not', async (_name, body) => {
    expect((await post(body, authorize(body))).status).toBe(400);
  });

  it('takes no unit that is longer than maxUnitRequestBytes', async () => {
    const body = 'x'.repeat(2 * 1024 * 1024);
    expect((await post(body, authorize(body))).status).toBe(413);
  });

  it('says without a signature that it is there, and what it counts', async () => {
    expect((await fetch(`${worker.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${worker.url}/ready`)).json()).toMatchObject({ ready: true, running: 0 });
    expect(await (await fetch(`${worker.url}/metrics`)).text()).toContain(
      'lakewright_worker_units_total{outcome="ok"} 1',
    );
  });
});

function dummy(): Unit {
  return {
    organization: ORG,
    table: 'logs',
    columns: [],
    keys: [],
    counted: true,
    conditions: [],
    segments: [],
    maxAnswerBytes: 1,
  };
}

/** Something at a worker's address that answers as it likes. */
async function impostor(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const ask = (address: string, onBytes: (bytes: number) => void = () => {}) =>
  askWorker(
    {
      address,
      body: encodeUnit(unit),
      path: join(directory, 'answer'),
      seconds: 60,
      signal: new AbortController().signal,
      onBytes,
    },
    signer,
  );

const nonceOf = (request: IncomingMessage) =>
  /nonce=(\w+)/.exec(String(request.headers.authorization))?.[1] ?? '';

describe('an answer', () => {
  it('is taken from a worker', async () => {
    expect(await ask(worker.url)).toMatchObject({ rows: 1, bytes: expect.any(Number) });
    expect(readFileSync(join(directory, 'answer')).subarray(0, 4).toString()).toBe('PAR1');
  });

  const seal = (request: IncomingMessage, body: string, rows = 1, status = 200) => ({
    [HEADERS.rows]: String(rows),
    [HEADERS.bytesRead]: '9',
    [HEADERS.signature]: signer.answer({
      ...{ status, rows, bytesRead: 9 },
      digest: sha256(body),
      nonce: nonceOf(request),
    }),
  });
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['is not signed', (_request, response) => response.end('PAR1')],
    [
      'is signed with another key',
      (request, response) => {
        const other = createSigner('z'.repeat(32), systemClock);
        const signature = other.answer({
          status: 200,
          digest: sha256('PAR1'),
          rows: 1,
          bytesRead: 0,
          nonce: nonceOf(request),
        });
        response.writeHead(200, { [HEADERS.rows]: '1', [HEADERS.signature]: signature }).end('PAR1');
      },
    ],
    [
      'has another body than was signed',
      (request, response) => response.writeHead(200, seal(request, 'PAR1')).end('PAR2'),
    ],
    [
      'has another number of rows',
      (request, response) =>
        response.writeHead(200, { ...seal(request, 'PAR1'), [HEADERS.rows]: '0' }).end('PAR1'),
    ],
    [
      'says that it read another number of bytes',
      (request, response) =>
        response.writeHead(200, { ...seal(request, 'PAR1'), [HEADERS.bytesRead]: '8' }).end('PAR1'),
    ],
    [
      'is that to another request',
      (_request, response) => {
        const signature = signer.answer({
          status: 200,
          digest: sha256('PAR1'),
          rows: 1,
          bytesRead: 0,
          nonce: '0'.repeat(32),
        });
        response.writeHead(200, { [HEADERS.rows]: '1', [HEADERS.signature]: signature }).end('PAR1');
      },
    ],
    [
      'is an error that was signed as an answer',
      (request, response) => response.writeHead(500, seal(request, '{}', 0)).end('{}'),
    ],
    [
      'is an unsigned error of the segment',
      (_request, response) =>
        response
          .writeHead(500)
          .end(JSON.stringify({ error: { code: 'SEGMENT_UNREADABLE', segment: 'x', message: 'x' } })),
    ],
    [
      'breaks off',
      (request, response) => {
        response.writeHead(200, { ...seal(request, 'PAR1'), 'content-length': '4' });
        response.write('PA', () => response.destroy());
      },
    ],
    [
      'leads elsewhere',
      (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    [
      'is an error without end',
      (_request, response) => {
        response.writeHead(500);
        response.end('x'.repeat(1024 * 1024));
      },
    ],
  ])('that %s is the failure of a worker', async (_name, answer) => {
    await using fake = await impostor(answer);
    await expect(ask(fake.address)).rejects.toThrow(WorkerFailure);
  });

  it('of many bytes goes to the disk as it comes, and what is not written yet is not fetched', async () => {
    const piece = Buffer.alloc(1024 * 1024, 7);
    const pieces = 96;
    const all = Buffer.concat(Array.from({ length: pieces }, () => piece));
    const digest = sha256(all);
    let sent = 0;
    await using fake = await impostor((request, response) => {
      const signature = signer.answer({
        status: 200,
        digest,
        rows: 1,
        bytesRead: 0,
        nonce: nonceOf(request),
      });
      response.writeHead(200, { [HEADERS.rows]: '1', [HEADERS.signature]: signature });
      const send = () => {
        while (sent < pieces) {
          sent++;
          if (!response.write(piece)) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    });
    let received = 0;
    let mostBetween = 0;
    const { bytes } = await ask(fake.address, (more) => {
      received += more;
      mostBetween = Math.max(mostBetween, sent * piece.length - received);
    });
    expect(bytes).toBe(pieces * piece.length);
    expect(mostBetween).toBeLessThan(bytes / 3);
  });

  it('is not received past what the query may put aside', async () => {
    const fail = () => {
      throw new LimitError('maxSpillBytes', 'enough');
    };
    await expect(ask(worker.url, fail)).rejects.toThrow(LimitError);
  });
});

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && value.isWellFormed());
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const nat = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const units: fc.Arbitrary<Unit> = fc.constantFrom(...TABLE_NAMES).chain((table) => {
  const columns = storedColumns(table);
  const name = fc.constantFrom(...columns.map((column) => column.name));
  const condition = fc.constantFrom(...columns).chain((column): fc.Arbitrary<Condition> => {
    const ops = fc.constantFrom('=' as const, '<>' as const, '<' as const, '>=' as const, 'in' as const);
    const of = { column: fc.constant(column.name), key: fc.constant(null) };
    if (column.type === 'VARCHAR') return fc.record({ ...of, op: ops, values: fc.tuple(text) });
    if (column.type === 'BIGINT') return fc.record({ ...of, op: ops, values: fc.tuple(int64) });
    if (column.type.startsWith('MAP'))
      return fc.record({ ...of, key: text, op: ops, values: fc.tuple(text) });
    return fc.record({ ...of, op: fc.constant('is not null' as const), values: fc.constant<string[]>([]) });
  });
  const order = fc.record({ column: name, descending: fc.boolean(), nullsFirst: fc.boolean() });
  return fc.record({
    organization: fc.constant(ORG),
    table: fc.constant(table),
    columns: fc.uniqueArray(name),
    keys: fc.array(
      fc.record({
        column: fc.constantFrom(
          ...columns.filter(({ type }) => type.startsWith('MAP')).map((map) => map.name),
        ),
        key: text,
      }),
    ),
    counted: fc.constant(false),
    startNs: fc.option(int64, { nil: undefined }),
    endNs: fc.option(int64, { nil: undefined }),
    conditions: fc.array(condition),
    take: fc.option(fc.record({ rows: nat, order: fc.array(order) }), { nil: undefined }),
    segments: fc.array(
      fc.record({
        segmentId: text,
        key: text.filter((key) => key !== ''),
        rows: nat,
        bytes: nat,
        minTimeNs: int64,
        maxTimeNs: int64,
      }),
    ),
    maxAnswerBytes: nat,
  });
});

describe('a unit as JSON', () => {
  it('comes back as it was', () => {
    const bigInts = (value: unknown) =>
      JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? Number(inner) : inner));
    fc.assert(
      fc.property(units, (one) => {
        expect(encodeUnit(parseUnit(encodeUnit(one)))).toBe(encodeUnit(one));
        expect(bigInts(parseUnit(encodeUnit(one)).conditions)).toBe(bigInts(one.conditions));
      }),
    );
  });

  it('with any one field wrong is refused', () => {
    const wrong = fc.constantFrom<unknown>(
      null,
      1.5,
      -1,
      'x',
      [],
      {},
      [1],
      ['x'],
      [['x']],
      [{ column: 'body' }],
      true,
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(JSON.parse(encodeUnit(dummy())))), wrong, (field, value) => {
        const json = JSON.parse(encodeUnit(dummy()));
        try {
          parseUnit(JSON.stringify({ ...json, [field]: value }));
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
    );
    expect(() => parseUnit('[]')).toThrow(BadInputError);
    expect(() => parseUnit(encodeUnit({ ...dummy(), columns: ['end_timestamp'] }))).toThrow(/columns/);
  });
});
