/** Questions that say whether rollups agree with the raw points of a lake, whoever answers them. */

const KINDS = ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'] as const;
const LEVELS = [10, 60, 300, 1200, 3600] as const;

export interface Agreement {
  readonly kind: string;
  readonly seconds: number;
  /** Distinct series and windows among the raw points. */
  readonly wanted: number;
  /** Rows of the level. */
  readonly rows: number;
  /** Raw points less the points that the level counted; of gauges and sums, whose counts are points. */
  readonly missing: number;
}

type Ask = (sql: string) => Promise<Record<string, unknown>[]>;

/** How each level of each kind of metric compares with the raw points. */
export async function rollupAgreement(ask: Ask): Promise<Agreement[]> {
  const found: Agreement[] = [];
  for (const kind of KINDS) {
    for (const seconds of LEVELS) {
      const window = `time_unix_nano // ${seconds}000000000`;
      const level = `rollup_${seconds}s where metric_kind = '${kind}'`;
      const points = kind === 'gauge' || kind === 'sum';
      const [row] = await ask(
        `select (select count(*) from (select distinct series_id, ${window} from ${kind})) as wanted,
           (select count(*) from ${level}) as rows,
           ${points ? `(select count(*) from ${kind}) - (select coalesce(sum("count"), 0) from ${level})` : '0'} as missing`,
      );
      found.push({
        kind,
        seconds,
        wanted: Number(row.wanted),
        rows: Number(row.rows),
        missing: Number(row.missing),
      });
    }
  }
  return found;
}

/** Those that do not agree. */
export function disagreements(found: readonly Agreement[]): Agreement[] {
  return found.filter(({ wanted, rows, missing }) => wanted !== rows || missing !== 0);
}
