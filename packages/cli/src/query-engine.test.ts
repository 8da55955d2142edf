import { afterEach, describe, expect, it } from 'vitest';
import { answerJson, type FakeServer, fakeServer, lakewright } from '../test/harness.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const QUERY = 'select service_name, count(*) as n from logs group by 1 order by n desc';
const TRANSLATED =
  'SELECT "logs"."service_name", count(*) AS "n" FROM "logs" GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 6';
const ask = (args: string[], env: Record<string, string> = {}) =>
  lakewright(['query', 'sql', QUERY, '--limit', '5', ...args], env);

/** A Trino that answers with two rows, the second request's. */
async function trino(): Promise<FakeServer> {
  server = await fakeServer((request, response) => {
    const base = `http://${request.headers.host}`;
    if (request.method === 'POST')
      answerJson(response, { id: 'q', nextUri: `${base}/next`, stats: { state: 'QUEUED' } });
    else
      answerJson(response, {
        id: 'q',
        stats: { state: 'FINISHED' },
        data: [
          ['cart', 7],
          [null, 2],
        ],
      });
  });
  return server;
}

describe('query sql --engine', () => {
  it.each([['trino'], ['athena']])('prints what %s would be sent', async (engine) => {
    const { code, stdout } = await ask(['--engine', engine, '--dry-run']);
    expect(stdout).toBe(`${TRANSLATED}\n`);
    expect(code).toBe(0);
  });

  it.each([
    ['csv', 'service_name,n\r\ncart,7\r\n,2\r\n'],
    ['ndjson', '{"service_name":"cart","n":7}\n{"service_name":null,"n":2}\n'],
    ['table', 'service_name  n\ncart          7\n              2\n'],
  ])('asks Trino and prints %s', async (format, expected) => {
    const { url, seen } = await trino();
    const { code, stdout } = await ask(['--engine', 'trino', '--format', format], {
      TRINO_URL: url,
      TRINO_USER: 'ann',
      TRINO_PASSWORD: 'hunter2',
      TRINO_CATALOG: 'ours',
    });
    expect(stdout).toBe(expected);
    expect(code).toBe(0);
    expect(seen[0].body.toString()).toBe(TRANSLATED);
    expect(seen[0].headers).toMatchObject({
      'x-trino-user': 'ann',
      'x-trino-catalog': 'ours',
      'x-trino-schema': 'lake',
    });
  });

  it('answers in JSON as the query API does', async () => {
    const { url } = await trino();
    const { stdout } = await ask(['--engine', 'trino', '--engine-url', url, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      columns: [
        { name: 'service_name', type: 'VARCHAR' },
        { name: 'n', type: 'BIGINT' },
      ],
      rows: [
        ['cart', 7],
        [null, 2],
      ],
      stats: { rowsReturned: 2, truncated: false, limit: 5 },
    });
  });

  it('refuses by name what is not bridged', async () => {
    const { code, stderr } = await lakewright([
      'query',
      'sql',
      'select body, row_number() over () from logs',
      '--engine',
      'athena',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('a window function (OVER) has no exact counterpart');
    expect(stderr).toMatch(/LINE 1: .*\n +\^/);
    expect(stderr).toContain('--engine duckdb');
  });

  it('wants to know where Trino is', async () => {
    const { code, stderr } = await ask(['--engine', 'trino']);
    expect(code).toBe(1);
    expect(stderr).toContain('TRINO_URL');
  });

  it('refuses --dry-run for the query API', async () => {
    const { code, stderr } = await ask(['--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toContain('--engine athena or --engine trino');
  });
});
