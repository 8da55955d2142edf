import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { LimitError, UnavailableError } from '@lakewright/core';
import { type PlannedSegment, storedColumns } from '@lakewright/lake';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { HOUR, ORG, rowsOf, T0, type TestLake, testLake } from '../../test/lake.ts';
import { RemoteStore } from '../../test/remote-store.ts';
import { CancelledError, SegmentReadError, type SqlEngine } from '../index.ts';
import { type CacheLimits, remoteFiles, type SegmentFiles } from './index.ts';

const SERVICES = ['ad', 'cart', 'checkout', 'email', 'frontend', 'payment', 'quote', 'shipping'];
const ROWS = 20_000;
const QUICK = {
  backoffMs: 1,
  maxBackoffMs: 2,
  smallObjectBytes: 4096,
  minTailBytes: 4096,
  maxTailBytes: 4096,
  maxGapBytes: 512,
  maxReadBytes: 20_000,
};

let lake: TestLake;
let segments: PlannedSegment[];
let store: RemoteStore;
const opened: SegmentFiles[] = [];
let directories = 0;

beforeAll(async () => {
  lake = await testLake();
  segments = [];
  for (const hour of [0n, 1n, 2n]) {
    const segment = await lake.addMany({
      rows: ROWS,
      columns: {
        time_unix_nano: `${T0 + hour * HOUR} + (hash(i) % ${HOUR})::BIGINT`,
        service_name: `['${SERVICES.join("','")}'][(1 + hash(i + 1) % 8)::INT]`,
        stream_id: '(hash(i + 2) % 40)::BIGINT - 20',
        body: "CASE WHEN i % 7 = 0 THEN NULL ELSE 'request ' || hash(i + 3) END",
        severity_number: 'i % 25',
        log_attributes: "MAP {'user': 'u' || i % 100, 'n': i::VARCHAR}",
        resource_attributes: "MAP {'host': 'h' || hash(i + 2) % 40}",
        observed_time_unix_nano: `${T0} + i`,
      },
      orderBy: 'service_name, stream_id, time_unix_nano',
    });
    segments.push(segment);
  }
  await lake.addMany({
    table: 'sum',
    rows: ROWS,
    columns: {
      time_unix_nano: `${T0} + i * 1000000`,
      metric_name: "'metric_' || i % 20",
      service_name: `['${SERVICES.join("','")}'][(1 + hash(i) % 8)::INT]`,
      value: 'i / 3.0',
    },
    orderBy: 'metric_name, time_unix_nano',
  });
});
beforeEach(async () => {
  store = await RemoteStore.over(lake.root);
  return async () => {
    await Promise.all(opened.splice(0).map((files) => files.close()));
  };
});
afterAll(() => lake.close());

let directory: string;
async function openFiles(limits: Partial<CacheLimits> = {}): Promise<SegmentFiles> {
  directory = join(lake.root, `cache-${directories++}`);
  const files = await remoteFiles({
    store,
    directory,
    limits: { ...QUICK, ...limits },
    metrics: new Registry(),
  });
  opened.push(files);
  return files;
}
const engineOver = (files: SegmentFiles) => lake.engine({ files, limits: { maxQueuedQueries: 100 } });
const ask = async (engine: SqlEngine, sql: string, more: object = {}) =>
  rowsOf(await engine.query({ organization: ORG, sql, limit: 100_000, ...more }));
const sorted = (rows: unknown[][]) =>
  rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)))
    .sort();

/** Bytes of all files that the cache has now. */
const cachedBytes = () =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + (statSync(join(parentPath, name)).size ?? 0), 0);

const time = fc.bigInt({ min: T0 - HOUR, max: T0 + 4n * HOUR });
const term = fc.oneof(
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), time).map(([op, t]) => `time_unix_nano ${op} ${t}`),
  time.map((t) => `timestamp >= make_timestamp(${t / 1000n})`),
  fc.subarray([...SERVICES, 'nobody'], { minLength: 1 }).map((s) => `service_name IN ('${s.join("','")}')`),
  fc.constantFrom(
    'severity_number > 17',
    "body LIKE '%99%'",
    'body IS NULL',
    "log_attributes['user'] = 'u7'",
  ),
);
const condition = fc.letrec<{ any: string; and: string; or: string; not: string }>((tie) => ({
  any: fc.oneof({ maxDepth: 2 }, term, tie('and'), tie('or'), tie('not')),
  and: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} AND ${b})`),
  or: fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} OR ${b})`),
  not: tie('any').map((a) => `NOT (${a})`),
})).any;
const selected = fc.oneof(
  fc
    .subarray(
      ['service_name', 'body', 'timestamp', 'observed_timestamp', 'severity_number', 'log_attributes'],
      {
        minLength: 1,
      },
    )
    .map((columns) => columns.join(', ')),
  fc.constantFrom(
    'count(*)',
    '*',
    'logs',
    '#1, #7',
    'max(body), sum(severity_number)',
    'count(DISTINCT stream_id)',
  ),
);
const query = fc.oneof(
  fc.tuple(selected, condition).map(([columns, where]) => `SELECT ${columns} FROM logs WHERE ${where}`),
  condition.map(
    (where) => `WITH l AS (SELECT service_name AS s, body FROM logs WHERE ${where}) SELECT * FROM l`,
  ),
  condition.map((where) => `SELECT b, a FROM logs AS x(a, b) WHERE ${where.replaceAll(/\w+_/g, 'x.$&')}`),
  condition.map((where) => `SELECT l.* EXCLUDE (body) FROM logs l WHERE ${where}`),
  condition.map(
    (where) => `SELECT service_name, count(*) FROM logs WHERE ${where} GROUP BY ALL ORDER BY ALL`,
  ),
  condition.map((where) => `SELECT count(*) FROM (SELECT * FROM logs WHERE ${where} UNION ALL FROM logs)`),
  condition.map(
    (where) =>
      `SELECT l.severity_number, count(*) FROM sum s JOIN logs l USING (service_name) WHERE ${where
        .replaceAll('time_unix_nano', 'l.time_unix_nano')
        .replaceAll('service_name', 'l.service_name')
        .replaceAll(
          'timestamp ',
          'l.timestamp ',
        )} AND s.metric_name = 'metric_3' AND s.value < 100 GROUP BY 1`,
  ),
);

describe('a query over a remote store', () => {
  it('has the answer of the same query over whole files', async () => {
    const local = lake.engine();
    // Little room, so that files come and go meanwhile.
    const remote = engineOver(await openFiles({ maxCachedBytes: 6_000_000 }));
    const range = fc.option(fc.tuple(time, time), { nil: undefined });
    const answer = (engine: SqlEngine, sql: string, more: object) =>
      ask(engine, sql, more).then(sorted, (error: Error) => error.message);
    await fc.assert(
      fc.asyncProperty(fc.array(query, { minLength: 1, maxLength: 3 }), range, async (queries, bounds) => {
        const more = bounds === undefined ? {} : { startNs: bounds[0], endNs: bounds[1] };
        const found = await Promise.all(queries.map((sql) => answer(remote, sql, more)));
        const expected = await Promise.all(queries.map((sql) => answer(local, sql, more)));
        expect(found).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('reads the row groups and columns that it needs, once', async () => {
    const engine = engineOver(await openFiles());
    const sql = "SELECT max(severity_number) FROM logs WHERE service_name = 'cart'";
    const result = await engine.query({ organization: ORG, sql });
    await result.close();
    expect(result.stats.bytesRead).toBeLessThan(result.stats.bytes / 8);
    expect(store.bytesRead).toBeLessThan(result.stats.bytes / 8);
    const reads = store.reads.length;
    // The same, less of it, and what is in what was read already.
    for (const less of [sql, `${sql} AND severity_number < 9`, 'SELECT count(*) FROM logs']) {
      await ask(engine, less);
    }
    expect(store.reads.length).toBe(reads);
    // One more column: nothing is read twice.
    await ask(engine, "SELECT max(severity_number), count(body) FROM logs WHERE service_name = 'cart'");
    const bytes = new Set(store.reads.flatMap(({ key, start, end }) => `${key} ${start} ${end}`));
    expect(bytes.size).toBe(store.reads.length);
    expect(store.reads.length).toBeGreaterThan(reads);
  });

  it('reads once what several ask for at the same time', async () => {
    const sql = "SELECT max(body) FROM logs WHERE service_name IN ('cart', 'email')";
    await ask(engineOver(await openFiles()), sql);
    const alone = store.reads.splice(0).length;
    const engine = engineOver(await openFiles());
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(engine, sql)));
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(store.reads.length).toBe(alone);
  });

  it('prunes metrics by name', async () => {
    const engine = engineOver(await openFiles());
    const result = await engine.query({
      organization: ORG,
      sql: "SELECT sum(value) FROM sum WHERE metric_name = 'metric_3'",
    });
    await result.close();
    expect(result.stats.bytesRead).toBeLessThan(result.stats.bytes / 3);
  });

  it('answers when the store fails now and then, and says so when it is away', async () => {
    const calls = new Map<string, number>();
    store.before = (key, { start }) => {
      const call = (calls.get(`${key} ${start}`) ?? 0) + 1;
      calls.set(`${key} ${start}`, call);
      if (call <= 2) throw new UnavailableError('the store is away');
    };
    const sql = 'SELECT count(body) FROM logs';
    const engine = engineOver(await openFiles());
    expect(await ask(engine, sql)).toEqual(await ask(lake.engine(), sql));
    store.before = () => {
      throw new UnavailableError('the store is away');
    };
    const other = engineOver(await openFiles());
    await expect(ask(other, sql)).rejects.toThrow(UnavailableError);
    expect(cachedBytes()).toBe(0);
  });
});

describe('segments that are not what the catalog says', () => {
  const sql = 'SELECT max(body), max(service_name) FROM logs';
  const { key } = { key: 'replaced.parquet' };
  /** A lake of its own with one segment, and an engine over it. */
  async function oneSegment() {
    const own = await testLake();
    const segment = await own.addMany({
      rows: 5000,
      columns: { time_unix_nano: `${T0} + i`, body: 'hash(i)::VARCHAR' },
      orderBy: 'i',
    });
    const remote = await RemoteStore.over(own.root);
    const files = await remoteFiles({
      store: remote,
      directory: join(own.root, key),
      limits: QUICK,
      metrics: new Registry(),
    });
    const engine = own.engine({ files });
    const close = () => files.close().then(() => own.close());
    return { segment, remote, engine, close };
  }

  it('replaced while it is read', async () => {
    const { segment, remote, engine, close } = await oneSegment();
    const body = await remote.get(segment.key);
    remote.before = async (_, { start }) => {
      // After the footer, before the chunks.
      if (start < segment.bytes / 2) {
        remote.before = () => undefined;
        await remote.put(segment.key, body);
      }
    };
    await expect(ask(engine, sql)).rejects.toThrow(SegmentReadError);
    expect(await ask(engine, sql)).toHaveLength(1);
    await close();
  });

  it.each<[string, (body: Uint8Array) => Uint8Array | undefined, RegExp]>([
    ['gone', () => undefined, /not in the store/],
    ['shorter', (body) => body.slice(0, -100), /shorter than the catalog says/],
    ['longer', (body) => Buffer.concat([body, body]), /bytes and the catalog says/],
    ['no Parquet', (body) => body.map(() => 7), /does not end as a Parquet file/],
    ['with a damaged footer', (body) => damaged(body, body.length - 600, body.length - 100), /./],
    ['with damaged columns', (body) => damaged(body, 100, body.length / 2), /./],
  ])('%s', async (_, change, message) => {
    const { segment, remote, engine, close } = await oneSegment();
    const changed = change(await remote.get(segment.key));
    await (changed === undefined ? remote.delete(segment.key) : remote.put(segment.key, changed));
    const asking = ask(engine, sql);
    await expect(asking).rejects.toThrow(SegmentReadError);
    await expect(asking).rejects.toThrow(message);
    await expect(asking).rejects.toThrow(segment.key);
    await close();
  });
});

function damaged(body: Uint8Array, from: number, to: number): Uint8Array {
  return body.map((byte, i) => (i >= from && i < to ? 0xff : byte));
}

describe('an extract', () => {
  const wanted = (columns: readonly string[], values: [string, string[]][] = []) => ({
    segments: segments.slice(0, 1),
    columns: new Set(columns),
    conditions: { values: new Map(values) },
  });
  async function readFile(path: string | undefined, select: string) {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const columns = ['service_name', 'body', 'severity_number'];
      const schema = columns.map((name) => {
        const type = name === 'severity_number' ? 'INTEGER' : 'VARCHAR';
        return `'${name}': {name: '${name}', type: '${type}', default_value: NULL}`;
      });
      const from = `read_parquet(['${path}'], schema = MAP {${schema.join(', ')}})`;
      return (await connection.runAndReadAll(`SELECT ${select} FROM ${from}`)).getRows();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  it('gives the columns that were asked for, and an error for any other', async () => {
    const files = await openFiles();
    const { paths, release } = await files.open([wanted(['body', 'severity_number'])]);
    const [[path]] = paths;
    expect(await readFile(path, 'count(*), count(body), max(severity_number)')).toEqual([
      [BigInt(ROWS), BigInt(ROWS - Math.ceil(ROWS / 7)), 24],
    ]);
    for (const select of [
      'max(service_name)',
      'count(service_name)',
      "count(*) FILTER (service_name = 'x')",
      '*',
    ]) {
      await expect(readFile(path, select)).rejects.toThrow();
    }
    release();
  });

  it('has only the row groups that may hold a wanted row', async () => {
    const files = await openFiles();
    const { paths, release } = await files.open([
      wanted(['service_name'], [['service_name', ['cart']]]),
      wanted(['service_name'], [['service_name', ['zzz']]]),
      wanted(
        storedColumns('logs').map(({ name }) => name),
        [['service_name', ['cart']]],
      ),
    ]);
    expect(paths[1]).toEqual([undefined]);
    const [[all, found]] = (await readFile(
      paths[0][0],
      "count(*), count(*) FILTER (service_name = 'cart')",
    )) as bigint[][];
    expect(Number(found)).toBeGreaterThan(2000);
    expect(Number(all)).toBeLessThanOrEqual(3 * 2048);
    expect(await readFile(paths[2][0], 'count(*), count(service_name)')).toEqual([[all, all]]);
    release();
  });
});

describe('the cache', () => {
  it('stays within its limit while many queries run, and no file goes while it is read', async () => {
    const maxCachedBytes = 1_500_000;
    const files = await openFiles({ maxCachedBytes });
    const engine = engineOver(files);
    const local = lake.engine({ limits: { maxQueuedQueries: 100 } });
    let most = 0;
    store.before = () => {
      most = Math.max(most, cachedBytes());
    };
    const queries = SERVICES.flatMap((service) =>
      ['max(body)', 'count(DISTINCT stream_id)', "max(log_attributes['n'])", 'sum(severity_number)'].map(
        (column) => `SELECT ${column} FROM logs WHERE service_name = '${service}'`,
      ),
    );
    const answers = await Promise.all(queries.map((sql) => ask(engine, sql)));
    expect(answers).toEqual(await Promise.all(queries.map((sql) => ask(local, sql))));
    expect(Math.max(most, cachedBytes())).toBeLessThanOrEqual(maxCachedBytes);
    expect(most).toBeGreaterThan(maxCachedBytes / 3);
  });

  it('removes the file that was longest not used, and none that is in use', async () => {
    const one = (service: string) => ({
      segments: segments.slice(0, 1),
      columns: new Set(['body']),
      conditions: { values: new Map([['service_name', [service]]]) },
    });
    const sizes = await openFiles();
    const each = await Promise.all(SERVICES.map((service) => sizes.open([one(service)])));
    const size = (service: string) => statSync(String(each[SERVICES.indexOf(service)].paths[0][0])).size;
    const two = Math.max(size('cart'), size('email')) + size('ad');
    const files = await openFiles({ maxCachedBytes: Math.max(two, size('frontend') + size('quote')) });
    const held = await files.open([one('ad')]);
    const second = await files.open([one('cart')]);
    second.release();
    const third = await files.open([one('email')]);
    third.release();
    expect(() => statSync(String(second.paths[0][0]))).toThrow('ENOENT');
    expect(statSync(String(held.paths[0][0])).isFile()).toBe(true);
    // No room but what is held: it waits until that is released.
    const fourth = files.open([one('frontend'), one('quote')]);
    let isOpen = false;
    void fourth.then(() => {
      isOpen = true;
    });
    await waitFor('the third to be there still', () => statSync(String(third.paths[0][0])).isFile());
    expect(isOpen).toBe(false);
    held.release();
    expect((await fourth).paths.flat()).toHaveLength(2);
    (await fourth).release();
  });

  it('refuses a query that needs more than there is room for', async () => {
    const engine = engineOver(await openFiles({ maxCachedBytes: 100_000 }));
    const asking = ask(engine, 'FROM logs');
    await expect(asking).rejects.toThrow(LimitError);
    await expect(asking).rejects.toMatchObject({ limit: 'maxCachedBytes' });
    expect(await ask(engine, "SELECT count(*) FROM logs WHERE service_name = 'cart'")).toHaveLength(1);
  });

  it('gives up what nobody waits for, and not what another query wants', async () => {
    const files = await openFiles();
    const blocked = Promise.withResolvers<void>();
    let blocking = 0;
    store.before = (_, { end }) => {
      if (end > segments[0].bytes - 100) return undefined;
      blocking++;
      return blocked.promise;
    };
    const one = {
      segments: segments.slice(0, 1),
      columns: new Set(['body']),
      conditions: { values: new Map() },
    };
    const stop = new AbortController();
    const first = files.open([one], stop.signal);
    const firstFails = expect(first).rejects.toThrow(CancelledError);
    await waitFor('reads', () => blocking > 0);
    const second = files.open([one]);
    const third = new AbortController();
    const thirdFails = expect(
      files.open([{ ...one, columns: new Set(['severity_number']) }], third.signal),
    ).rejects.toThrow(CancelledError);
    stop.abort();
    third.abort();
    await Promise.all([firstFails, thirdFails]);
    blocked.resolve();
    const { paths, release } = await second;
    expect(statSync(String(paths[0][0])).size).toBeGreaterThan(1000);
    release();
    await waitFor(
      'the files of the others to go',
      () => cachedBytes() === statSync(String(paths[0][0])).size,
    );
  });
});
