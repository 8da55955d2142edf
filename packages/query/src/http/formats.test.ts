import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, type TestServer, testServer } from '../../test/server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await testServer();
});
afterAll(() => api.close());

describe('formats', () => {
  const query =
    "SELECT i AS id, CASE i WHEN 0 THEN 'a,\"b\"' WHEN 1 THEN '' END AS name, MAP {'k': i} AS m FROM range(3) t(i)";

  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/html, text/*;q=0.5, */*;q=0.1', 'text/csv'],
    ['application/json;q=0.1, application/x-ndjson', 'application/x-ndjson'],
    ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.stream'],
  ])('Accept %s is answered with %s', async (accept, type) => {
    const response = await api.post({ query: 'SELECT 1' }, accept === undefined ? {} : { accept });
    expect(response.headers.get('content-type')?.split(';')[0]).toBe(type);
    await response.arrayBuffer();
  });

  it.each(['text/html', 'application/xml, image/*', 'application/json;q=0'])(
    'Accept %s is refused',
    async (accept) => {
      const response = await api.post({ query: 'SELECT 1' }, { accept });
      expect([response.status, (await bodyOf(response)).error.code]).toEqual([406, 'NOT_ACCEPTABLE']);
    },
  );

  it('NDJSON has one object a row', async () => {
    const response = await api.post({ query, limit: 2 }, { accept: 'application/x-ndjson' });
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: 0, name: 'a,"b"', m: { k: 0 } },
      { id: 1, name: '', m: { k: 1 } },
    ]);
    expect(response.headers.get('lakewright-rows')).toBe('2');
    expect(response.headers.get('lakewright-truncated')).toBe('true');
  });

  it('CSV tells NULL from the empty string', async () => {
    const response = await api.post({ query }, { accept: 'text/csv' });
    expect(await response.text()).toBe(
      'id,name,m\r\n0,"a,""b""","{""k"":0}"\r\n1,"","{""k"":1}"\r\n2,,"{""k"":2}"\r\n',
    );
  });

  it.each(['application/json', 'application/x-ndjson', 'text/csv', 'application/vnd.apache.arrow.stream'])(
    '%s carries many rows and none',
    async (accept) => {
      const count = async (rows: number) => {
        const response = await api.post(
          { query: `SELECT i, i::VARCHAR AS s FROM range(${rows}) t(i)`, limit: 50_000 },
          { accept },
        );
        expect(response.status).toBe(200);
        const bytes = new Uint8Array(await response.arrayBuffer());
        const text = () => Buffer.from(bytes).toString();
        if (accept === 'application/json') return JSON.parse(text()).rows.length;
        if (accept === 'application/x-ndjson') return text().split('\n').length - 1;
        if (accept === 'text/csv') return text().split('\r\n').length - 2;
        return tableFromIPC(bytes).numRows;
      };
      expect(await count(50_000)).toBe(50_000);
      expect(await count(0)).toBe(0);
    },
  );

  it('Arrow keeps types and values', async () => {
    const select = `SELECT * FROM (VALUES
      (1::BIGINT, 9007199254740993, 1.5::DOUBLE, 'é', true, TIMESTAMP '2024-01-01 00:00:00.000001', [1::BIGINT, NULL], MAP {'a': '1'}, 12.34::DECIMAL(9,2), DATE '2024-01-02', {'x': 7::INTEGER}, -5::HUGEINT, 'ab'::BLOB, 3::UTINYINT, 'a'::ENUM('a'), -1::SMALLINT),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (-2::BIGINT, 2, 'nan'::DOUBLE, '', false, TIMESTAMP '1969-12-31 23:59:59', [], MAP {}, -0.01, DATE '1969-12-31', {'x': NULL}, 170141183460469231731687303715884105::HUGEINT, ''::BLOB, 255, 'a', 5)
    ) AS t(big, wide, number, text, yes, moment, list, map, money, day, struct, huge, blob, tiny, enum, small)`;
    const response = await api.post({ query: select }, { accept: 'application/vnd.apache.arrow.stream' });
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    expect(
      Object.fromEntries(table.schema.fields.map((field) => [field.name, String(field.type)])),
    ).toMatchObject({
      big: 'Int64',
      wide: 'Int64',
      number: 'Float64',
      text: 'Utf8',
      yes: 'Bool',
      moment: 'Timestamp<MICROSECOND, UTC>',
      list: 'List<Int64>',
      map: 'Map<{key:Utf8, value:Utf8}>',
      day: 'Date32<DAY>',
      blob: 'Binary',
      tiny: 'Uint8',
      enum: 'Utf8',
      small: 'Int16',
    });
    const column = (name: string) => [0, 1, 2].map((row) => table.getChild(name)?.get(row));
    expect(column('big')).toEqual([1n, null, -2n]);
    expect(column('wide')).toEqual([9007199254740993n, null, 2n]);
    expect(column('number')).toEqual([1.5, null, Number.NaN]);
    expect(column('text')).toEqual(['é', null, '']);
    expect(column('yes')).toEqual([true, null, false]);
    expect(column('tiny')).toEqual([3, null, 255]);
    expect(column('small')).toEqual([-1, null, 5]);
    expect(table.getChild('moment')?.data[0].values[0]).toBe(1704067200000001n);
    expect(table.getChild('moment')?.data[0].values[2]).toBe(-1_000_000n);
    expect(column('list').map((list) => list && [...list])).toEqual([[1n, null], null, []]);
    expect(column('map').map((map) => map && { ...map.toJSON() })).toEqual([{ a: '1' }, null, {}]);
    expect(column('struct').map((struct) => struct && { ...struct.toJSON() })).toEqual([
      { x: 7 },
      null,
      { x: null },
    ]);
    expect(column('blob').map((bytes) => bytes && Buffer.from(bytes).toString())).toEqual(['ab', null, '']);
    expect(column('money').map((value) => value && String(value))).toEqual(['1234', null, '-1']);
    expect(column('huge').map((value) => value && String(value))).toEqual([
      '-5',
      null,
      '170141183460469231731687303715884105',
    ]);
  });
});
