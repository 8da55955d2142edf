import { all, type Bridge, type Call, refusal } from './calls.ts';
import { type Interval, intervalOf } from './literals.ts';
import { isInteger, isTime, type Typed } from './types.ts';

const TRUNCATED = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];
const PARTS = ['second', 'minute', 'hour', 'day', 'month', 'quarter', 'year'];
/** Buckets of whole seconds begin here, a Monday. */
const ORIGIN = "TIMESTAMP '2000-01-03 00:00:00'";

/** Functions of times. */
export const TIMES: Readonly<Record<string, Bridge>> = {
  date_trunc: truncated,
  datetrunc: truncated,
  date_part: datePart,
  datepart: datePart,
  time_bucket: bucket,
  make_timestamp(call) {
    const [micros] = all(call, 1);
    if (!isInteger(micros)) throw refusal(call, `make_timestamp of ${micros.type}`);
    const instant = `from_unixtime_nanos(${micros.sql} * 1000)`;
    return { sql: `CAST(${instant} AT TIME ZONE 'UTC' AS timestamp(6))`, instant, type: 'TIMESTAMP' };
  },
  ...Object.fromEntries(
    PARTS.map((unit) => [unit, (call: Call) => timePart(unit, all(call, 1)[0], call)] as const),
  ),
};

function unitOf(call: Call, unit: Typed, known: readonly string[]): string {
  const name = unit.text?.toLowerCase();
  if (name === undefined || !known.includes(name))
    throw refusal(call, `${call.name} to ${unit.text ?? 'other than a literal unit'}`);
  return name;
}

function truncated(call: Call): Typed {
  const [unit, time] = all(call, 2);
  if (!isTime(time)) throw refusal(call, `date_trunc of ${time.type}`);
  const wall = time.type === 'DATE' ? `CAST(${time.sql} AS timestamp(6))` : time.sql;
  const type = time.type === 'TIMESTAMPTZ' ? 'TIMESTAMPTZ' : 'TIMESTAMP';
  const name = unitOf(call, unit, TRUNCATED);
  // The clock's instant is in UTC, so that it can be cut as it is; a column's has the zone of its engine.
  const instant =
    time.type === 'TIMESTAMPTZ' && time.instant ? { instant: `date_trunc('${name}', ${time.instant})` } : {};
  return { sql: `date_trunc('${name}', ${wall})`, type, ...instant };
}

function datePart(call: Call): Typed {
  const [unit, time] = all(call, 2);
  return timePart(unitOf(call, unit, PARTS), time, call);
}

function timePart(unit: string, time: Typed, call: Call): Typed {
  if (!isTime(time)) throw refusal(call, `${unit} of ${time.type}`);
  const wall = time.type === 'DATE' ? `CAST(${time.sql} AS timestamp(6))` : time.sql;
  return { sql: `${unit}(${wall})`, type: 'BIGINT' };
}

/** Buckets of whole seconds, counted from DuckDB's origin. */
function bucket(call: Call): Typed {
  const width: Interval | undefined = intervalOf(call.nodes[0], call.cx.refusals);
  if (width?.seconds === undefined || width.seconds === 0n || call.nodes.length !== 2) {
    throw call.cx.refusals.of(
      call.part,
      'time_bucket with other than a literal interval of seconds to weeks',
      "write time_bucket(INTERVAL '5 minutes', timestamp), or date_trunc('month', timestamp)",
    );
  }
  const time = call.translate(call.nodes[1]);
  if (time.type !== 'TIMESTAMP') throw refusal(call, `time_bucket of ${time.type}`);
  const second = `date_trunc('second', ${time.sql})`;
  const since = `date_diff('second', ${ORIGIN}, ${second})`;
  const { seconds } = width;
  return {
    sql: `date_add('second', - mod(mod(${since}, ${seconds}) + ${seconds}, ${seconds}), ${second})`,
    type: 'TIMESTAMP',
  };
}
