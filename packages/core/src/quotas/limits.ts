/** What one organization may do. Undefined means that nothing is said: there is no such limit. */
export interface OrganizationLimits {
  /** Whether its telemetry is taken. */
  readonly ingest: boolean;
  /** Whether its lake may be asked. */
  readonly query: boolean;
  /** Bytes of export requests a second, after decompression, that one process of the receivers takes. */
  readonly ingestBytesPerSecond: number | undefined;
  /** Queries of it that one process of the query API runs at the same time; more wait. */
  readonly concurrentQueries: number | undefined;
  /** Bytes of the segments that one query may read. */
  readonly scannedBytesPerQuery: number | undefined;
  /** Distinct series that one metric name may have in one UTC day. */
  readonly seriesPerMetric: number | undefined;
}

export type LimitName = keyof OrganizationLimits;

/** The limits as `lakewright.yaml` names them, under which errors, counters and the documentation know them. */
export const LIMIT_NAMES: Readonly<Record<LimitName, string>> = {
  ingest: 'ingest',
  query: 'query',
  ingestBytesPerSecond: 'ingest_bytes_per_second',
  concurrentQueries: 'concurrent_queries',
  scannedBytesPerQuery: 'scanned_bytes_per_query',
  seriesPerMetric: 'series_per_metric',
};

/** What holds where nobody says anything. */
export const DEFAULT_ORGANIZATION_LIMITS: OrganizationLimits = {
  ingest: true,
  query: true,
  ingestBytesPerSecond: undefined,
  concurrentQueries: undefined,
  scannedBytesPerQuery: undefined,
  seriesPerMetric: 1_000_000,
};

/** The limits of every organization. They may change while a service runs: ask each time. */
export interface LimitBook {
  of(organization: string): OrganizationLimits;
  /** Where a limit of an organization is set and how it is raised, as an error says it. */
  where(organization: string, limit: LimitName): string;
  /** Why an organization's limits are what they are, for those who meet them; undefined where nobody says. */
  reason(organization: string): string | undefined;
}

/** A book in which nobody wrote. */
export const defaultLimits: LimitBook = {
  of: () => DEFAULT_ORGANIZATION_LIMITS,
  where: (_organization, limit) => `limits.default.${LIMIT_NAMES[limit]} of lakewright.yaml`,
  reason: () => undefined,
};

/** What to say when an organization meets a limit: the words, and where that was decided, by whom and why. */
export function limitMessage(book: LimitBook, organization: string, limit: LimitName, what: string): string {
  const reason = book.reason(organization);
  return `${LIMIT_NAMES[limit]}: ${what}; set by ${book.where(organization, limit)}${
    reason === undefined ? '' : `: ${reason}`
  }`;
}
