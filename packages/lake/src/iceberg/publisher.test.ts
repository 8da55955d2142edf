import { ConfigError, UnavailableError } from '@lakewright/core';
import { icebergRead } from 'icebird';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeDatabases } from '../../../local/test/adapters.ts';
import { diskFull } from '../../test/fakes.ts';
import { type DataFileEntry, faultsOf, type IcebergReader, type Row } from '../../test/iceberg-reader.ts';
import { IcebergStand, readUri, sorted } from '../../test/iceberg-stand.ts';
import { ORGANIZATION, OTHER_ORGANIZATION } from '../../test/raw-objects.ts';
import { storedColumns, TABLES, withFieldIds } from '../tables.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAYS = ['2026-01-02', '2026-01-03', '2026-01-04'];
const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;

describeDatabases('publishing Iceberg tables', (empty) => {
  let lake: IcebergStand;
  beforeEach(async () => {
    lake = await IcebergStand.open(await empty());
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await lake.close();
  });

  test('an independent reader finds the rows of every table', async () => {
    for (const signal of ['logs', 'traces', 'metrics'] as const) await lake.ingest(signal, DAYS[0], 300);
    const published = await lake.publisher().publish();
    expect(published.map(({ table }) => table)).toEqual(
      expect.arrayContaining(['logs', 'traces', 'gauge', 'sum', 'histogram', 'exp_histogram', 'summary']),
    );
    for (const { table, rows, operation } of published) {
      const reader = await lake.reader(table);
      expect(faultsOf(reader.metadata)).toEqual([]);
      const found = await reader.scan();
      expect(found.length).toBe(rows);
      expect(operation).toBe('append');
      expect(sorted(found)).toEqual(sorted(await lake.rows(table)));
      for (const file of await reader.plan()) expect(await unsorted(reader, file)).toBeUndefined();
    }
  });

  test('a reader that others wrote does, too', async () => {
    // It asks for URLs; a file's are answered as a web server would.
    vi.stubGlobal('fetch', async (url: string, init: { headers?: Headers } = {}) => {
      const bytes = await readUri(url);
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(init.headers?.get('range') ?? '') ?? [];
      if (from === undefined) return new Response(Buffer.from(bytes));
      return new Response(Buffer.from(bytes.subarray(Number(from), Number(to) + 1)), { status: 206 });
    });
    for (const signal of ['logs', 'traces', 'metrics'] as const) await lake.ingest(signal, DAYS[0], 100);
    const publisher = lake.publisher();
    await publisher.publish();
    await lake.ingest('logs', DAYS[1], 100);
    await lake.merge('logs');
    for (const { table } of await publisher.publish()) {
      const { metadata } = await lake.reader(table);
      const rows = await icebergRead({ tableUrl: metadata.location, metadata: metadata as never });
      expect(sorted(rows)).toEqual(sorted(await lake.rows(table)));
    }
  });

  test('one organization never sees the rows of another', async () => {
    await lake.ingest('logs', DAYS[0], 20);
    await lake.ingest('logs', DAYS[0], 30, OTHER_ORGANIZATION);
    await lake.publisher().publish();
    expect(await (await lake.reader('logs')).scan()).toHaveLength(20);
    expect(await (await lake.reader('logs', OTHER_ORGANIZATION)).scan()).toHaveLength(30);
  });

  test('a scan is planned by day and by bounds', async () => {
    const publisher = lake.publisher();
    for (const day of DAYS) {
      await lake.ingest('logs', day, 100);
      await publisher.publish();
    }
    const reader = await lake.reader('logs');
    const all = await reader.scan();
    expect(reader.opened).toHaveLength(6);
    const filter = { fromUs: micros('2026-01-03T00:00:00Z'), toUs: micros('2026-01-03T23:59:59Z') };
    const planned = await lake.reader('logs');
    const found = await planned.scan(filter);
    expect(planned.opened).toHaveLength(2);
    expect(found).toHaveLength(100);
    const us = (row: { time_unix_nano?: unknown }) => (row.time_unix_nano as bigint) / 1000n;
    expect(sorted(found)).toEqual(
      sorted(all.filter((row) => us(row) >= filter.fromUs && us(row) <= filter.toUs)),
    );
    expect(await reader.plan({ service: 'a' })).toEqual([]);
    expect(await reader.plan({ service: 'zz' })).toEqual([]);
    const services = new Set(all.map((row) => String(row.service_name)));
    for (const service of services) {
      const rows = await reader.scan({ service });
      expect(sorted(rows)).toEqual(sorted(all.filter((row) => row.service_name === service)));
    }
  });

  test('what is merged, retired and added since is one snapshot after the other', async () => {
    const publisher = lake.publisher();
    const operations: (string | undefined)[] = [];
    const publish = async () => {
      const [table] = await publisher.publish();
      operations.push(table?.operation);
      const reader = await lake.reader('logs');
      expect(faultsOf(reader.metadata)).toEqual([]);
      expect(sorted(await reader.scan())).toEqual(sorted(await lake.rows('logs')));
      lake.clock.advance(MINUTE);
      return table;
    };
    for (const day of [DAYS[0], DAYS[0], DAYS[1], DAYS[1]]) await lake.ingest('logs', day);
    await publish();
    await lake.ingest('logs', DAYS[1]);
    await publish();
    expect(await publish()).toBeUndefined();
    await lake.merge('logs');
    expect(await publish()).toMatchObject({ addedFiles: 1, removedFiles: 2 });
    await lake.merge('logs');
    await lake.ingest('logs', DAYS[2]);
    await publish();
    await lake.catalog.sweeps.expire({}, 'logs', micros(DAYS[2]) * 1000n, []);
    await publish();
    expect(operations).toEqual(['append', 'append', undefined, 'replace', 'overwrite', 'delete']);
    const { metadata } = await lake.reader('logs');
    expect(metadata.snapshots.map(({ summary }) => summary['total-records'])).toEqual([
      '200',
      '250',
      '250',
      '300',
      '50',
    ]);
    expect(metadata.snapshots.map((snapshot) => snapshot['sequence-number'])).toEqual([1, 2, 3, 4, 5]);
  });

  test('a table whose rows are all gone is there and empty', async () => {
    await lake.ingest('logs', DAYS[0]);
    const publisher = lake.publisher();
    await publisher.publish();
    await lake.catalog.sweeps.expire({}, 'logs', micros(DAYS[2]) * 1000n, []);
    await publisher.publish();
    expect(await (await lake.reader('logs')).scan()).toEqual([]);
    await lake.ingest('logs', DAYS[1], 7);
    await publisher.publish();
    expect(await (await lake.reader('logs')).scan()).toHaveLength(7);
  });

  test('the files of a snapshot stay as long as it does, and no longer', async () => {
    const publisher = lake.publisher();
    await lake.ingest('logs', DAYS[0]);
    await lake.ingest('logs', DAYS[0]);
    await publisher.publish();
    const old = await lake.reader('logs');
    const rows = sorted(await old.scan());
    await lake.merge('logs');
    lake.clock.advance(2 * HOUR);
    await lake.sweep();
    // Nothing was published since: the current snapshot names what was retired two hours ago.
    expect(sorted(await old.scan())).toEqual(rows);
    await publisher.publish();
    lake.clock.advance(HOUR - MINUTE);
    await publisher.publish();
    await publisher.removeLeftOvers();
    await lake.sweep();
    expect(sorted(await old.scan())).toEqual(rows);
    expect(sorted(await (await lake.reader('logs')).scan())).toEqual(rows);
    lake.clock.advance(MINUTE);
    expect(await publisher.publish()).toMatchObject([{ operation: undefined, files: 1 }]);
    await publisher.removeLeftOvers();
    await lake.sweep();
    await expect(old.scan()).rejects.toThrow(/ENOENT/);
    const current = await lake.reader('logs');
    expect(faultsOf(current.metadata)).toEqual([]);
    expect(current.metadata.snapshots).toHaveLength(1);
    expect(sorted(await current.scan())).toEqual(rows);
    expect(await lake.keys('db/')).toHaveLength(1);
    // What is left is what the current metadata names, and the metadata before it.
    expect(await publisher.publish()).toEqual([]);
    expect(await lake.keys('iceberg/')).toHaveLength(2 + 1 + (await current.manifests()).length);
  });

  test('of two publishers at once, one makes the snapshot', async () => {
    await lake.ingest('logs', DAYS[0], 10);
    const [a, b] = [lake.publisher(), lake.publisher()];
    const published = await Promise.all([a.publish(), b.publish()]);
    expect(published.flat()).toHaveLength(1);
    for (let i = 0; i < 5; i++) {
      await lake.ingest('logs', DAYS[0], 10);
      expect((await Promise.all([a.publish(), b.publish()])).flat()).toHaveLength(1);
    }
    const reader = await lake.reader('logs');
    expect(reader.metadata.snapshots).toHaveLength(6);
    expect(sorted(await reader.scan())).toEqual(sorted(await lake.rows('logs')));
    // What the losers wrote goes as soon as nobody can be publishing it any more.
    lake.clock.advance(HOUR);
    expect(await a.removeLeftOvers()).toBeGreaterThan(0);
    expect(sorted(await reader.scan())).toEqual(sorted(await lake.rows('logs')));
    const named = [reader.metadata['metadata-log'].length + 1, reader.metadata.snapshots.length];
    expect((await lake.keys('iceberg/')).filter((key) => key.endsWith('.json'))).toHaveLength(named[0]);
    expect((await lake.keys('iceberg/')).filter((key) => key.includes('/snap-'))).toHaveLength(named[1]);
  });

  describe('when the store fails', () => {
    test.each(['-m0.avro', '/snap-', '.metadata.json'])(
      'at %s, the last snapshot stays and the next try works',
      async (part) => {
        const publisher = lake.publisher();
        await lake.ingest('logs', DAYS[0], 10);
        await publisher.publish();
        await lake.ingest('logs', DAYS[0], 5);
        lake.store.fault = (operation, key) =>
          operation === 'put' && key.includes(part) ? diskFull() : undefined;
        await expect(publisher.publish()).rejects.toThrow(UnavailableError);
        expect(await (await lake.reader('logs')).scan()).toHaveLength(10);
        lake.store.fault = () => undefined;
        await publisher.publish();
        expect(await (await lake.reader('logs')).scan()).toHaveLength(15);
        const before = await lake.keys('iceberg/');
        lake.clock.advance(HOUR - 1);
        await publisher.removeLeftOvers();
        expect(await lake.keys('iceberg/')).toEqual(before);
        lake.clock.advance(1);
        await publisher.removeLeftOvers();
        expect(await (await lake.reader('logs')).scan()).toHaveLength(15);
      },
    );
  });

  test('files of an older program stay readable when a table gets a column', async () => {
    const older = (table: 'logs') => storedColumns(table).filter(({ name }) => name !== 'event_name');
    await lake.ingest('logs', DAYS[0], 10);
    await lake.publisher({ columnsOf: () => older('logs') }).publish();
    const before = await lake.reader('logs');
    expect(before.schema.map(({ name }) => name)).not.toContain('event_name');
    // Wherever the new column stands in the table, its field id comes last.
    const [first, ...rest] = TABLES.logs;
    const columns = withFieldIds([first, { name: 'tenant', type: 'VARCHAR', doc: '' }, ...rest], ['tenant']);
    const publisher = lake.publisher({ columnsOf: () => columns });
    expect(await publisher.publish()).toMatchObject([{ operation: undefined, rows: 10 }]);
    await lake.ingest('logs', DAYS[0], 5);
    await publisher.publish();
    const after = await lake.reader('logs');
    expect(faultsOf(after.metadata)).toEqual([]);
    expect(after.metadata.schemas.map((schema) => schema['schema-id'])).toEqual([0, 1]);
    expect(after.metadata['table-uuid']).toBe(before.metadata['table-uuid']);
    expect(after.metadata.snapshots.map((snapshot) => snapshot['schema-id'])).toEqual([0, 1]);
    const rows = await after.scan();
    expect(rows.every((row) => row.tenant === null)).toBe(true);
    expect(sorted(rows.map(({ tenant, ...row }) => row))).toEqual(sorted(await lake.rows('logs')));
    expect(await publisher.publish()).toEqual([]);
  });

  test("withdrawn tables are gone, and their files are the sweeper's", async () => {
    const publisher = lake.publisher();
    await lake.ingest('logs', DAYS[0]);
    await lake.ingest('logs', DAYS[0]);
    await publisher.publish();
    await lake.merge('logs');
    expect(await publisher.withdraw()).toBe(1);
    await expect(lake.reader('logs')).rejects.toThrow('there is no table logs');
    await publisher.removeLeftOvers();
    expect(await lake.keys('iceberg/')).toEqual([]);
    lake.clock.advance(11 * MINUTE);
    await lake.sweep();
    expect(await lake.keys('db/')).toHaveLength(1);
    await publisher.publish();
    expect(sorted(await (await lake.reader('logs')).scan())).toEqual(sorted(await lake.rows('logs')));
  });

  test.each([{ keepMs: 59_999 }, { intervalMs: 1000, keepMs: HOUR }])('refuses %j', (settings) => {
    expect(() => lake.publisher({ settings })).toThrow(ConfigError);
  });

  test('service names that the catalog does not hold exactly are no bounds', async () => {
    const names: [services: string[], first: string | undefined, last: string | undefined][] = [
      [['b', 'a', 'é'], 'a', 'é'],
      [['a', '\u{1F600}', '\uFF5E'], 'a', '\u{1F600}'],
      [['a', 'b\0c'], undefined, undefined],
      [['a', 'x'.repeat(600)], undefined, undefined],
    ];
    const startNs = micros(DAYS[0]) * 1000n;
    for (const [i, [services]] of names.entries()) {
      const segmentId = String(i).padStart(32, '0');
      const key = `db/${ORGANIZATION}/logs/20260102/00/${segmentId}.parquet`;
      const times = {
        minTimeNs: startNs + BigInt(i),
        maxTimeNs: startNs + BigInt(i),
        lastSeenNs: services.map(() => 1n),
      };
      await lake.announce(ORGANIZATION, [
        { organization: ORGANIZATION, table: 'logs', segmentId, key, rows: 1, bytes: 1, services, ...times },
      ]);
    }
    await lake.publisher().publish();
    const reader = await lake.reader('logs');
    const serviceId = reader.schema.find(({ name }) => name === 'service_name')?.id;
    const found = (await reader.plan()).map(({ file_path, lower_bounds, upper_bounds }) => [
      file_path.slice(-9, -8),
      ...[lower_bounds, upper_bounds].map((side) =>
        side.find(({ key }) => key === serviceId)?.value.toString(),
      ),
    ]);
    expect(found.sort()).toEqual(names.map(([, first, last], i) => [String(i), first, last]));
  });
});

/** Two neighbours in a file that are not in the order that the metadata promises. */
async function unsorted(reader: IcebergReader, file: DataFileEntry['data_file']): Promise<unknown> {
  const orders = reader.metadata['sort-orders'] as {
    'order-id': number;
    fields: { 'source-id': number }[];
  }[];
  const order = orders.find((each) => each['order-id'] === file.sort_order_id);
  expect(order?.fields.length).toBeGreaterThan(0);
  const keyOf = (row: Row) =>
    order?.fields.map((field) => {
      const value = row[reader.schema.find(({ id }) => id === field['source-id'])?.name ?? ''];
      return value instanceof Date ? value.getTime() : String(value);
    });
  const rows = await reader.rowsOf(file);
  return rows.slice(1).find((row, i) => {
    const [before, after] = [keyOf(rows[i]), keyOf(row)];
    const at = before?.findIndex((value, n) => value !== after?.[n]) ?? -1;
    return at >= 0 && (before?.[at] ?? '') > (after?.[at] ?? '');
  });
}
