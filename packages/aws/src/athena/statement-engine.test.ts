import { BadInputError, ConfigError, UnavailableError } from '@lakewright/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { FAKE_ENVIRONMENT, type FakeAws, fakeAws } from '../../test/fake-aws.ts';
import { type AthenaOptions, athenaEngine } from '../index.ts';

interface Call {
  readonly action: string;
  readonly input: Record<string, unknown>;
}
type Reply = { readonly status?: number; readonly body: object };

/** What Athena answers to each action, the last answer again and again. */
let answers: Record<string, Reply[]> = {};
let calls: Call[] = [];
let aws: FakeAws;

beforeAll(() => {
  Object.assign(process.env, FAKE_ENVIRONMENT);
});
beforeEach(async () => {
  answers = {};
  calls = [];
  aws = await fakeAws(({ headers, body }) => {
    const action = String(headers['x-amz-target']).split('.').at(-1) ?? '';
    calls.push({ action, input: JSON.parse(body.toString()) });
    const replies = answers[action] ?? [{ body: {} }];
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    return {
      status: reply?.status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify(reply?.body),
    };
  });
});
afterEach(() => aws.close());

const started = { StartQueryExecution: [{ body: { QueryExecutionId: 'q1' } }] };
const status = (State: string, more: object = {}): Reply => ({
  body: { QueryExecution: { Status: { State, ...more } } },
});
const result = (rows: (string | null)[][], NextToken?: string): Reply => ({
  body: {
    ResultSet: {
      Rows: rows.map((row) => ({
        Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
      })),
    },
    ...(NextToken === undefined ? {} : { NextToken }),
  },
});

async function ask(options: Partial<AthenaOptions> = {}, signal?: AbortSignal): Promise<unknown[]> {
  const engine = athenaEngine({ database: 'lake', region: 'eu-central-1', endpoint: aws.url, ...options });
  try {
    const rows: unknown[] = [];
    for await (const page of engine.run('SELECT 1', { signal })) rows.push(...page);
    return rows;
  } finally {
    engine.close();
  }
}

describe('Athena', () => {
  it('is looked at until the query is complete, and read page by page without the header', async () => {
    answers = {
      ...started,
      GetQueryExecution: [status('QUEUED'), status('RUNNING'), status('SUCCEEDED')],
      GetQueryResults: [
        result(
          [
            ['a', 'b'],
            ['1', null],
          ],
          'more',
        ),
        result([['2', '']]),
      ],
    };
    expect(await ask({ workGroup: 'lake', catalog: 'iceberg', outputLocation: 's3://results/a/' })).toEqual([
      ['1', null],
      ['2', ''],
    ]);
    expect(calls.map(({ action }) => action)).toEqual([
      'StartQueryExecution',
      ...Array(3).fill('GetQueryExecution'),
      'GetQueryResults',
      'GetQueryResults',
    ]);
    expect(calls[0].input).toMatchObject({
      QueryString: 'SELECT 1',
      WorkGroup: 'lake',
      QueryExecutionContext: { Database: 'lake', Catalog: 'iceberg' },
      ResultConfiguration: { OutputLocation: 's3://results/a/' },
    });
    expect(calls.at(-1)?.input).toMatchObject({ NextToken: 'more' });
  });

  it.each([
    ['FAILED', { StateChangeReason: 'TABLE_NOT_FOUND: line 1:8' }, BadInputError, /TABLE_NOT_FOUND/],
    ['CANCELLED', {}, BadInputError, /was cancelled/],
    ['FAILED', { StateChangeReason: 'oops', AthenaError: { ErrorCategory: 1 } }, UnavailableError, /oops/],
  ])('fails with a query that is %s: %j', async (state, more, type, message) => {
    answers = { ...started, GetQueryExecution: [status(state, more)] };
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(message);
    expect(calls.some(({ action }) => action === 'StopQueryExecution')).toBe(false);
  });

  it.each([
    ['InvalidRequestException', 400, BadInputError, /No output location/],
    ['AccessDeniedException', 400, ConfigError, /not allowed to start a query/],
    ['TooManyRequestsException', 400, UnavailableError, /TooManyRequests/],
  ])('says what is wrong with the request: %s', async (name, code, type, message) => {
    answers = {
      StartQueryExecution: [{ status: code, body: { __type: name, Message: 'No output location' } }],
    };
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(message);
  });

  it('stops the query when the asker goes away', async () => {
    answers = { ...started, GetQueryExecution: [status('RUNNING')] };
    const controller = new AbortController();
    const asked = ask({}, controller.signal).catch((error: unknown) => error);
    await waitFor('two looks', async () => calls.length > 2, 10_000);
    controller.abort();
    expect(await asked).toMatchObject({ name: 'AbortError' });
    expect(calls.at(-1)).toMatchObject({ action: 'StopQueryExecution', input: { QueryExecutionId: 'q1' } });
  });
});
