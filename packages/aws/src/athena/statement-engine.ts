import { setTimeout as delay } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import {
  Backoff,
  BadInputError,
  type StatementEngine,
  type StatementOptions,
  type StatementRow,
  UnavailableError,
} from '@lakewright/core';
import { athenaClient, type ClientOptions, regionOf } from '../clients.ts';
import { awsError, type Deed } from '../errors.ts';
import { partitionOf } from '../partitions.ts';

export interface AthenaOptions extends ClientOptions {
  /** The database, and the catalog in which it is, that hold the lake's tables. Default catalog: AwsDataCatalog. */
  readonly database: string;
  readonly catalog?: string;
  /** Default: `primary`. Its engine is of version 3. */
  readonly workGroup?: string;
  /** Where results go, as `s3://bucket/prefix/`. Default: where the workgroup says. */
  readonly outputLocation?: string;
}

/** Looks at a query that runs: soon at first, as most are short. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2_000;
const PAGE_ROWS = 1000;
const CATALOG = 'AwsDataCatalog';
const WORK_GROUP = 'primary';
/** `ErrorCategory` of what Athena itself did wrong. */
const SYSTEM = 1;

/** Athena: statements of its engine version 3, results from where the workgroup or `outputLocation` puts them. */
export function athenaEngine(options: AthenaOptions): StatementEngine {
  const client = athenaClient(options);
  return {
    name: 'Athena',
    run: (statement, runOptions) => run(client, options, statement, runOptions),
    close: () => client.destroy(),
  };
}

async function* run(
  client: AthenaClient,
  options: AthenaOptions,
  statement: string,
  { signal, onProgress }: StatementOptions = {},
): AsyncGenerator<readonly StatementRow[]> {
  const deed = (verb: string, action: string) => deedOf(options, verb, action);
  signal?.throwIfAborted();
  // Not aborted half-way: a query that was started has an id by which it can be stopped.
  const { QueryExecutionId: id } = await client
    .send(
      new StartQueryExecutionCommand({
        QueryString: statement,
        WorkGroup: options.workGroup ?? WORK_GROUP,
        QueryExecutionContext: { Database: options.database, Catalog: options.catalog ?? CATALOG },
        ...(options.outputLocation === undefined
          ? {}
          : { ResultConfiguration: { OutputLocation: options.outputLocation } }),
      }),
    )
    .catch((error: unknown) => {
      throw startError(error, deed('start a query in', 'StartQueryExecution'));
    });
  let ended = false;
  try {
    const backoff = new Backoff(FIRST_LOOK_MS, LONGEST_LOOK_MS);
    while (!ended) {
      const { QueryExecution: execution } = await client
        .send(new GetQueryExecutionCommand({ QueryExecutionId: id }), { abortSignal: signal })
        .catch((error: unknown) => {
          signal?.throwIfAborted();
          throw awsError(error, deed('look at a query in', 'GetQueryExecution'));
        });
      const state = execution?.Status?.State ?? 'QUEUED';
      onProgress?.({ state });
      ended = state !== 'QUEUED' && state !== 'RUNNING';
      if (ended) throwIfFailed(execution);
      else await delay(backoff.failed(), undefined, { signal });
    }
  } finally {
    if (!ended) await stop(client, id);
  }
  yield* pages(client, id, deed('read a result of', 'GetQueryResults'), signal);
}

/** The rows of a query that is complete. The first row of a SELECT's result is its header. */
async function* pages(
  client: AthenaClient,
  id: string | undefined,
  deed: Deed,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly StatementRow[]> {
  let token: string | undefined;
  let header = true;
  do {
    const page = await client
      .send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: token, MaxResults: PAGE_ROWS }), {
        abortSignal: signal,
      })
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        throw awsError(error, deed);
      });
    const rows = (page.ResultSet?.Rows ?? []).map(({ Data = [] }) =>
      Data.map(({ VarCharValue }) => VarCharValue ?? null),
    );
    yield header ? rows.slice(1) : rows;
    header = false;
    token = page.NextToken;
  } while (token !== undefined);
}

function throwIfFailed(execution: QueryExecution | undefined): void {
  const { State: state, StateChangeReason: reason, AthenaError: error } = execution?.Status ?? {};
  if (state === 'SUCCEEDED') return;
  const said = `Athena: the query ${state === 'CANCELLED' ? 'was cancelled' : 'failed'}${reason ? `: ${reason}` : ''}`;
  if (error?.ErrorCategory === SYSTEM || error?.Retryable === true) throw new UnavailableError(said);
  throw new BadInputError(said, /_NOT_FOUND/.test(reason ?? '') ? { hint: TABLE_HINT } : {});
}

const TABLE_HINT = 'check ATHENA_DATABASE and ATHENA_CATALOG; a table is there when it has had its first row';

async function stop(client: AthenaClient, id: string | undefined): Promise<void> {
  // What cannot be stopped ends by itself, at the workgroup's limits.
  await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
}

/** Athena says what is wrong with a request in words of its own, which name no content. */
function startError(error: unknown, deed: Deed): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name !== 'InvalidRequestException') return awsError(error, deed);
  return new BadInputError(`could not ${deed.what}: ${message}`, {
    hint: 'check ATHENA_WORKGROUP, ATHENA_DATABASE, ATHENA_CATALOG and ATHENA_OUTPUT_LOCATION',
  });
}

function deedOf(options: AthenaOptions, verb: string, action: string): Deed {
  const group = options.workGroup ?? WORK_GROUP;
  const region = regionOf(options);
  return {
    what: `${verb} Athena's workgroup ${group}`,
    action: `athena:${action}`,
    resource: `arn:${partitionOf(region)}:athena:${region ?? '*'}:*:workgroup/${group}`,
  };
}
