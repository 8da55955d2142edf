import { type LimitBook, LimitError, type LimitName, limitMessage } from '@lakewright/core';
import { Counter, type Registry } from 'prom-client';
import { RequestError } from '../errors.ts';
import { DEFAULT_SQL_LIMITS } from '../limits.ts';
import { type Admission, createAdmission } from './admission.ts';
import type { SqlEngine, SqlRequest } from './engine.ts';
import type { SqlResult } from './result.ts';

export interface QueryQuotaOptions {
  readonly limits: LimitBook;
  readonly metrics: Registry;
  /** Queries of one organization that wait for their turn; one more is refused. */
  readonly maxQueuedQueries?: number;
}

/**
 * `engine` within what each organization may ask: not at all when its queries are switched off, so many queries at a
 * time, so many bytes a query. Throws RequestError (403), LimitError (`concurrent_queries`,
 * `scanned_bytes_per_query`), and what the engine throws.
 */
export function withQuota(engine: SqlEngine, options: QueryQuotaOptions): SqlEngine {
  const { limits } = options;
  const refusals = new Counter({
    name: 'lakewright_query_refusals_total',
    help: 'Queries refused by a limit of their organization',
    labelNames: ['organization', 'limit'],
    registers: [options.metrics],
  });
  const places = organizationPlaces(options.maxQueuedQueries ?? DEFAULT_SQL_LIMITS.maxQueuedQueries);
  const said = (organization: string, limit: LimitName, what: string) =>
    limitMessage(limits, organization, limit, what);

  async function enter({ organization, signal }: SqlRequest): Promise<() => void> {
    const { query, concurrentQueries } = limits.of(organization);
    if (!query) {
      const what = `queries are switched off for organization ${organization}`;
      throw new RequestError(403, 'SWITCHED_OFF', said(organization, 'query', what));
    }
    if (concurrentQueries === undefined) return () => undefined;
    try {
      return await places(organization, concurrentQueries).enter(signal);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      const what = `${concurrentQueries} queries of organization ${organization} run at a time; ${error.message}`;
      throw new LimitError('concurrent_queries', said(organization, 'concurrentQueries', what), {
        hint: error.hint,
      });
    }
  }

  async function run(request: SqlRequest): Promise<SqlResult> {
    const leave = await enter(request);
    try {
      const maxBytes = limits.of(request.organization).scannedBytesPerQuery;
      return leaving(await engine.query({ ...request, maxBytes }), leave);
    } catch (error) {
      leave();
      if (!(error instanceof LimitError) || error.limit !== 'scanned_bytes_per_query') throw error;
      const { organization } = request;
      throw new LimitError(error.limit, said(organization, 'scannedBytesPerQuery', error.message), {
        hint: error.hint,
      });
    }
  }

  return {
    async query(request) {
      try {
        return await run(request);
      } catch (error) {
        const limit = refusingLimit(error);
        if (limit !== undefined) refusals.inc({ organization: request.organization, limit });
        throw error;
      }
    },
    close: () => engine.close(),
  };
}

function refusingLimit(error: unknown): string | undefined {
  if (error instanceof RequestError && error.code === 'SWITCHED_OFF') return 'query';
  if (!(error instanceof LimitError)) return undefined;
  return ['concurrent_queries', 'scanned_bytes_per_query'].find((limit) => limit === error.limit);
}

/** The places of each organization; anew when their number changes, whoever is in the old ones leaves those. */
function organizationPlaces(queue: number): (organization: string, places: number) => Admission {
  const known = new Map<string, { readonly places: number; readonly admission: Admission }>();
  return (organization, places) => {
    const found = known.get(organization);
    if (found?.places === places) return found.admission;
    const admission = createAdmission(places, queue);
    known.set(organization, { places, admission });
    return admission;
  };
}

/** The same result, whose place is free when its rows are read or given up. */
function leaving(result: SqlResult, leave: () => void): SqlResult {
  const { columns, stats } = result;
  return {
    columns,
    stats,
    async *chunks() {
      try {
        yield* result.chunks();
      } finally {
        leave();
      }
    },
    async close() {
      try {
        await result.close();
      } finally {
        leave();
      }
    },
  };
}
