import { afterEach, describe, expect, it } from 'vitest';
import { answerJson, type FakeServer, fakeServer, type Handler, lakewright } from '../test/harness.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function against(handler: Handler, args: readonly string[], env: Record<string, string> = {}) {
  server = await fakeServer(handler);
  return { ...(await lakewright([...args, '--url', server.url], env)), seen: server.seen };
}

const ANSWER = {
  columns: [
    { name: 'service_name', type: 'VARCHAR' },
    { name: 'n', type: 'BIGINT' },
    { name: 'attributes', type: 'MAP(VARCHAR, VARCHAR)' },
  ],
  rows: [
    ['cart', 7, { a: 'b' }],
    ['a\u001b[31mb\nc', '9007199254740993', null],
  ],
  stats: { elapsedMs: 12.4, truncated: true },
};

describe('query sql', () => {
  it('asks with the bounds and prints an uncut table', async () => {
    const { code, stdout, stderr, seen } = await against(
      (_request, response) => answerJson(response, ANSWER),
      [
        'query',
        'sql',
        'select 1',
        '--start',
        '2026-01-02T03:04:05Z',
        '--end',
        '1790000000000000000',
        '--limit',
        '5',
      ],
    );
    expect(code).toBe(0);
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/api/v1/sql' });
    expect(JSON.parse(seen[0].body.toString())).toEqual({
      query: 'select 1',
      start: '2026-01-02T03:04:05Z',
      end: '1790000000000000000',
      limit: 5,
    });
    expect(stdout.split('\n')).toEqual([
      'service_name                 n  attributes',
      'cart                         7  {"a":"b"}',
      'a\\x1b[31mb c  9007199254740993',
      '',
    ]);
    expect(stderr).toContain('2 rows in 12 ms');
    expect(stderr).toContain('--limit');
  });

  it.each([[['--json']], [['--format', 'json']]])('prints the answer itself with %j', async (flags) => {
    const { stdout, stderr } = await against(
      (_request, response) => answerJson(response, ANSWER),
      ['query', 'sql', 'select 1', ...flags],
    );
    expect(JSON.parse(stdout)).toEqual(ANSWER);
    expect(stderr).toBe('');
  });

  it.each([
    ['csv', 'text/csv', 'a,b\r\n1,"x\r\ny"\r\n'],
    ['ndjson', 'application/x-ndjson', '{"a":1}\n{"a":2}\n'],
    ['ndjson', 'application/x-ndjson', ''],
    ['ndjson', 'application/x-ndjson', '{"error":{"nested":"a column of that name"}}\n'],
  ])('passes %s through as it comes', async (format, media, body) => {
    const { code, stdout, seen } = await against(
      (_request, response) => response.end(body),
      ['query', 'sql', 'select 1', '--format', format],
    );
    expect(code).toBe(0);
    expect(stdout).toBe(body);
    expect(seen[0].headers.accept).toBe(media);
  });

  it('fails when the last line says that the answer is not complete', async () => {
    const { code, stdout, stderr } = await against(
      (_request, response) => {
        response.write('{"a":1}\n');
        response.end('{"error":{"code":"TIME_LIMIT","message":"the query took longer than 30 s"}}\n');
      },
      ['query', 'sql', 'select 1', '--format', 'ndjson'],
    );
    expect(code).toBe(1);
    expect(stdout).toBe('{"a":1}\n');
    expect(stderr).toContain('not complete: the query took longer than 30 s');
  });

  it('fails when the connection breaks in the midst of an answer', async () => {
    const { code, stderr } = await against(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('a,b\r\n', () => response.destroy());
      },
      ['query', 'sql', 'select 1', '--format', 'csv'],
    );
    expect(code).toBe(1);
    expect(stderr).toContain('broke');
  });

  it.each([
    [
      400,
      { error: { code: 'BAD_QUERY', message: 'no column "x"', position: 8, hint: 'try y' } },
      ['no column "x" (at character 8)', 'try y'],
    ],
    [
      401,
      { error: { code: 'UNAUTHENTICATED', message: 'an API key is needed', hint: 'send a header' } },
      ['an API key is needed', 'LAKEWRIGHT_API_KEY'],
    ],
    [502, 'not json', ['answered 502', 'something else listening']],
    [404, { code: 12, message: 'no such path' }, ['answered 404', 'something else listening']],
  ])('reports a %i as the server words it', async (status, body, expected) => {
    const { code, stderr } = await against(
      (_request, response) => answerJson(response, body, status),
      ['query', 'sql', 'select x'],
    );
    expect(code).toBe(1);
    for (const text of expected) expect(stderr).toContain(text);
  });

  it('sends the key of the environment and shows it nowhere', async () => {
    const { stdout, stderr, seen } = await against(
      (_request, response) => answerJson(response, ANSWER),
      ['query', 'sql', 'select 1'],
      { LAKEWRIGHT_API_KEY: 'secret-key-0123' },
    );
    expect(seen[0].headers.authorization).toBe('Bearer secret-key-0123');
    expect(stdout + stderr).not.toContain('secret-key');
  });

  it('takes the address from the environment', async () => {
    server = await fakeServer((_request, response) => answerJson(response, ANSWER));
    const { code } = await lakewright(['query', 'sql', 'select 1'], { LAKEWRIGHT_URL: server.url });
    expect(code).toBe(0);
  });
});

describe('services, status and dlq', () => {
  const answers: Record<string, unknown> = {
    '/api/v1/services': {
      services: [{ service: 'cart', tables: ['logs', 'traces'], lastSeenNs: '1790000000000000000' }],
    },
    '/api/v1/status': {
      rawObjects: { pending: 1, claimed: 2, done: 34567, dead: 3 },
      oldestPendingSeconds: 1.25,
      tables: [
        {
          table: 'logs',
          segments: 12,
          rows: 1000,
          bytes: 40960,
          minTimeNs: '1',
          maxTimeNs: '1790000000000000000',
        },
        { table: 'summary', segments: 0, rows: 0, bytes: 0, minTimeNs: null, maxTimeNs: null },
      ],
    },
    '/api/v1/dead-letters': {
      deadLetters: [4, 5].map((id) => ({
        id,
        signal: 'logs',
        key: `logs-raw/bad-${id}.json`,
        size: 10,
        failedNs: '1790000000000000000',
        attempts: 1,
        reason: 'not JSON',
      })),
    },
  };
  const handler: Handler = (request, response) => {
    const replay = /^\/api\/v1\/dead-letters\/(\d+)\/replay$/.exec(request.path);
    if (replay !== null) return answerJson(response, { outcome: replay[1] === '5' ? 'missing' : 'queued' });
    const letters = (answers['/api/v1/dead-letters'] as { deadLetters: unknown[] }).deadLetters;
    if (request.path === '/api/v1/dead-letters/4') return answerJson(response, letters[0]);
    const answer = answers[request.path];
    if (answer === undefined)
      answerJson(response, { error: { code: 'NOT_FOUND', message: 'no such dead letter' } }, 404);
    else answerJson(response, answer);
  };

  it.each([
    [['services'], ['cart', 'logs, traces']],
    [['status'], ['34,567 ingested', '1 waiting', '3 dead', 'lakewright dlq ls', '40.0 KiB', '41.0']],
    [
      ['dlq', 'ls'],
      ['logs-raw/bad-4.json', 'not JSON'],
    ],
    [
      ['dlq', 'show', '4'],
      ['reason:   not JSON', 'lakewright dlq replay 4'],
    ],
    [['dlq', 'replay', '4'], ['4: waits to be ingested again']],
  ])('%j tells a person', async (args, expected) => {
    const { code, stdout } = await against(handler, args);
    expect(code).toBe(0);
    for (const text of expected) expect(stdout).toContain(text);
  });

  it.each([
    [['services'], '/api/v1/services'],
    [['status'], '/api/v1/status'],
    [['dlq', 'ls'], '/api/v1/dead-letters'],
  ])('%j tells a machine', async (args, path) => {
    const { code, stdout } = await against(handler, [...args, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(answers[path]);
  });

  it('replays all and fails when an object is gone', async () => {
    const { code, stdout, seen } = await against(handler, ['dlq', 'replay', '--all', '--json']);
    expect(code).toBe(1);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: '4', outcome: 'queued' },
      { id: '5', outcome: 'missing' },
    ]);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  });

  const none = { count: 0, bytes: 0 };
  const swept = {
    dryRun: false,
    retired: { count: 1234, bytes: 40960 },
    waiting: { count: 5, bytes: 1024 },
    orphans: none,
    unconfirmed: none,
    foreign: { count: 2, bytes: 10 },
    expired: none,
    rawObjects: none,
    history: 7,
    claims: { rawObjects: 1, segments: 2 },
    failed: 0,
  };

  it.each([
    [['sweep', '--dry-run'], 'GET', true, 'WOULD BE REMOVED'],
    [['sweep'], 'POST', false, 'REMOVED'],
  ])('%j says what is removed', async (args, method, dryRun, title) => {
    const answer: Handler = (_request, response) => answerJson(response, { ...swept, dryRun });
    const { code, stdout, seen } = await against(answer, args);
    expect(code).toBe(0);
    expect(seen).toMatchObject([{ method, path: '/api/v1/sweep' }]);
    expect(stdout).toMatch(new RegExp(`^${title} `));
    expect(stdout).toMatch(/segments that others replaced +1,234 +40\.0 KiB/);
    for (const text of [
      '5 retired segments wait',
      '2 objects below db/ are not known',
      '3 claims',
      '7 rows',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).not.toContain('left-overs are looked at');
    const machine = await against(answer, [...args, '--json']);
    expect(JSON.parse(machine.stdout)).toEqual({ ...swept, dryRun });
  });

  it('sweep fails when something could not be removed', async () => {
    const { code, stderr } = await against(
      (_request, response) => answerJson(response, { ...swept, failed: 2 }),
      ['sweep'],
    );
    expect(code).toBe(1);
    expect(stderr).toContain('2 objects could not be removed');
  });

  it('reports a dead letter that is not there', async () => {
    const { code, stderr } = await against(handler, ['dlq', 'show', '99']);
    expect(code).toBe(1);
    expect(stderr).toContain('no such dead letter');
  });
});

describe('tail', () => {
  const columns = [
    'time_unix_nano',
    'timestamp',
    'severity_number',
    'severity_text',
    'body',
    'trace_id',
    'span_id',
  ];
  const now = BigInt(Date.now()) * 1_000_000n;
  const row = (n: number) => [`${now + BigInt(n)}`, `t${n}`, 9, 'INFO', `body ${n}`, null, null];
  const logs: Handler = (_request, response) =>
    answerJson(response, {
      columns: columns.map((name) => ({ name, type: 'VARCHAR' })),
      rows: [row(2), row(1)],
      stats: {},
    });

  it('prints oldest first and quotes the service', async () => {
    const { code, stdout, seen } = await against(logs, ['tail', "o'cart", '--since', '1h']);
    expect(code).toBe(0);
    expect(stdout).toBe('t1 INFO  body 1\nt2 INFO  body 2\n');
    const { query, start } = JSON.parse(seen[0].body.toString());
    expect(query).toContain("service_name = 'o''cart'");
    const hour = 3_600_000_000_000n;
    expect(BigInt(Date.now()) * 1_000_000n - BigInt(start)).toBeGreaterThanOrEqual(hour);
  });

  it('keeps the stored order of records of one time', async () => {
    const at = (n: number, body: string) => row(n).with(4, body);
    const { stdout } = await against(
      (_request, response) =>
        answerJson(response, {
          columns: columns.map((name) => ({ name, type: 'VARCHAR' })),
          rows: [at(2, 'c'), at(1, 'a'), at(1, 'b')],
          stats: {},
        }),
      ['tail', 'cart'],
    );
    expect(stdout).toBe('t1 INFO  a\nt1 INFO  b\nt2 INFO  c\n');
  });

  it('prints one JSON object a record for machines', async () => {
    const { stdout } = await against(logs, ['tail', 'cart', '--json']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).body),
    ).toEqual(['body 1', 'body 2']);
  });

  it('keeps to the newest -n', async () => {
    const { stdout, stderr } = await against(logs, ['tail', 'cart', '-n', '1']);
    expect(stdout).toBe('t2 INFO  body 2\n');
    expect(stderr).toBe('');
  });

  it('says when it left out more than anybody asked', async () => {
    const rows = Array.from({ length: 1001 }, (_, n) => row(1001 - n));
    const { stdout, stderr } = await against(
      (_request, response) =>
        answerJson(response, {
          columns: columns.map((name) => ({ name, type: 'VARCHAR' })),
          rows,
          stats: {},
        }),
      ['tail', 'cart'],
    );
    expect(stdout.trim().split('\n')).toHaveLength(1000);
    expect(stdout).toContain('body 1001');
    expect(stderr).toContain('only the newest 1000');
  });

  it('asks for spans', async () => {
    const names = [
      'time_unix_nano',
      'timestamp',
      'duration_nano',
      'status_code',
      'span_name',
      'trace_id',
      'span_id',
    ];
    const { stdout, seen } = await against(
      (_request, response) =>
        answerJson(response, {
          columns: names.map((name) => ({ name, type: 'VARCHAR' })),
          rows: [['1', 't', 12_345_678, 2, 'GET /cart', 'abc', 'def']],
          stats: {},
        }),
      ['tail', 'cart', 'traces'],
    );
    expect(seen[0].body.toString()).toContain('FROM traces');
    expect(stdout).toBe('t     12 ms ERROR GET /cart abc\n');
  });

  it('follows without repeating what it showed, until interrupted', async () => {
    const { spawn } = await import('node:child_process');
    const { fileURLToPath } = await import('node:url');
    const looks = [[row(1)], [row(2), row(1)], [row(2), row(2), row(1)]];
    server = await fakeServer((_request, response, number) =>
      answerJson(response, {
        columns: columns.map((name) => ({ name, type: 'VARCHAR' })),
        rows: looks[Math.min(number, looks.length - 1)],
        stats: {},
      }),
    );
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'tail', 'cart', '--follow', '--url', server.url]);
    let stdout = '';
    const followed = Promise.withResolvers<void>();
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.split('\n').length > 3) followed.resolve();
    });
    await followed.promise;
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(stdout).toBe('t1 INFO  body 1\nt2 INFO  body 2\nt2 INFO  body 2\n');
    expect(code).toBe(0);
  });
});
