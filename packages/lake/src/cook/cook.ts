import { createHash } from 'node:crypto';
import {
  BatchMemory,
  DecodeContext,
  LogsDecoder,
  MetricsDecoder,
  newCounts,
  type PointKind,
  TracesDecoder,
} from '@lakewright/otlp';
import { BadObjectError } from '../errors.ts';
import { toExportRequest } from '../formats/index.ts';
import { ParquetWriter } from '../parquet/index.ts';
import { segmentKey } from '../segment-keys.ts';
import { storedColumns } from '../tables.ts';
import type { CookedSegment, CookJob, CookResult, MetricSeries } from '../types.ts';
import { type DayRows, sortByDay } from './order.ts';
import { seriesOf } from './series.ts';
import { distributionSource, logsSource, numberSource, type TableSource, tracesSource } from './sources.ts';

/** Rows of one Parquet row group: small enough to prune by, large enough for dictionaries to pay. */
export const ROW_GROUP_ROWS = 65_536;

/**
 * Bytes of decompressed inputs, and records, at which a batch is full. Stored bytes say little about either:
 * what load generators send shrinks a thousandfold.
 */
const BATCH_BYTES = 64 * 1024 * 1024;
const BATCH_RECORDS = 2_000_000;

/** Memory that a cooking thread keeps from one batch to the next: about what 100,000 spans need. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Decompressed inputs of this size are freed as soon as they are decoded; Node shares the memory of small ones. */
const FREED_BYTES = 1024 * 1024;

/** Memory for one thread that cooks one job after the other. */
export function cookMemory(): BatchMemory {
  return new BatchMemory(KEPT_BYTES);
}

/**
 * Turns raw objects of one organization and signal into sorted Parquet segments: of each batch of inputs one
 * for each table and UTC day (see MAX_DAYS). A batch takes inputs until it is full, which bounds the memory. A pure function: equal jobs give equal segments under equal ids, so a retry
 * overwrites what an earlier try left. Throws BadObjectError naming the input that cannot be read. Whoever cooks
 * many jobs gives each the same `memory`, see cookMemory.
 */
export function cook(job: CookJob, memory = new BatchMemory()): CookResult {
  const segments: CookedSegment[] = [];
  const inputs: CookResult['inputs'][number][] = [];
  const series: MetricSeries[] = [];
  while (inputs.length < job.inputs.length) {
    const batch = cookBatch({ ...job, inputs: job.inputs.slice(inputs.length) }, memory);
    segments.push(...batch.segments);
    inputs.push(...batch.inputs);
    series.push(...(batch.series ?? []));
  }
  return { segments, inputs, series };
}

/** Cooks the first inputs of a job, as many as one batch takes. */
function cookBatch(job: CookJob, memory: BatchMemory): CookResult {
  memory.clear();
  const context = new DecodeContext(memory);
  const decoder = makeDecoder(job.signal, context);
  const counts: CookResult['inputs'][number][] = [];
  const batchId = createHash('sha256');
  let batchBytes = 0;
  let batchRecords = 0;
  for (const { object, bytes } of job.inputs) {
    if (batchBytes >= BATCH_BYTES || batchRecords >= BATCH_RECORDS) break;
    const inputCounts = newCounts();
    const { body, notes } = toExportRequest({
      key: object.key,
      signal: job.signal,
      bytes,
      arrivedNs: object.arrivedNs,
    });
    batchBytes += body.length;
    batchId.update(`${object.key}\0${object.etag}\0`);
    const repairedBefore = context.repaired + decoder.repaired;
    try {
      decoder.decode(body, object.arrivedNs, inputCounts);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new BadObjectError(object.key, `not a valid OTLP ${job.signal} export request: ${reason}`, {
        cause: error,
      });
    }
    if (body.buffer !== bytes.buffer && body.length >= FREED_BYTES) free(body);
    const repaired = context.repaired + decoder.repaired - repairedBefore;
    const warnings =
      repaired > 0 ? [`${repaired} strings were not valid UTF-8 and are stored with U+FFFD`] : [];
    batchRecords += inputCounts.records;
    counts.push({
      records: inputCounts.records,
      rejected: inputCounts.rejected,
      reasons: [...inputCounts.reasons, ...notes, ...warnings],
    });
  }
  const sources = sourcesOf(decoder, context);
  const inputsDigest = batchId.digest('hex');
  const segments = sources.flatMap((source) =>
    sortByDay(memory, source.count, source.ranks, source.times).map((day) =>
      writeSegment(job, inputsDigest, source, day, context),
    ),
  );
  const series = decoder instanceof MetricsDecoder ? seriesOf(decoder.index, context.strings) : [];
  return { segments, inputs: counts, series };
}

/** Gives back the memory of bytes that nobody else has: left to the garbage collector it counts, and calls it. */
function free(bytes: Uint8Array): void {
  (bytes.buffer as ArrayBuffer).transfer(0);
}

type Decoder = LogsDecoder | TracesDecoder | MetricsDecoder;

function makeDecoder(signal: CookJob['signal'], context: DecodeContext): Decoder {
  if (signal === 'logs') return new LogsDecoder(context);
  return signal === 'traces' ? new TracesDecoder(context) : new MetricsDecoder(context);
}

/** The tables that have rows. */
function sourcesOf(decoder: Decoder, context: DecodeContext): TableSource[] {
  if (decoder instanceof MetricsDecoder) {
    const filled = <Table extends PointKind>(table: Table) => decoder[table].rows.length > 0;
    return [
      ...(['gauge', 'sum'] as const).filter(filled).map((table) => numberSource(table, context, decoder)),
      ...(['histogram', 'exp_histogram', 'summary'] as const)
        .filter(filled)
        .map((table) => distributionSource(table, context, decoder)),
    ];
  }
  if (decoder.rows.length === 0) return [];
  return [
    decoder instanceof LogsDecoder ? logsSource(context, decoder.rows) : tracesSource(context, decoder.rows),
  ];
}

function writeSegment(
  { organization, base }: CookJob,
  inputsDigest: string,
  source: TableSource,
  { day, rows }: DayRows,
  context: DecodeContext,
): CookedSegment {
  const columns = storedColumns(source.table);
  const writer = new ParquetWriter(columns);
  const before = context.memory.mark();
  for (let from = 0; from < rows.length; from += ROW_GROUP_ROWS) {
    const group = rows.subarray(from, from + ROW_GROUP_ROWS);
    writer.rowGroup(group.length, (column) => {
      // The column before this one is written.
      context.memory.release(before);
      return source.columns[column.name](group);
    });
  }
  const { min, max, lastSeen } = describe(source, rows);
  const services = [...lastSeen].map(([id, ns]) => ({ name: context.strings.text(id), ns }));
  services.sort((a, b) => (a.name < b.name ? -1 : 1));
  const segmentId = createHash('sha256')
    .update(`${inputsDigest}\0${source.table}\0${day}`)
    .digest('hex')
    .slice(0, 32);
  return {
    table: source.table,
    segmentId,
    key: segmentKey(organization, source.table, min, segmentId, base),
    rows: rows.length,
    minTimeNs: min,
    maxTimeNs: max,
    services: services.map(({ name }) => name),
    lastSeenNs: services.map(({ ns }) => ns),
    parquet: writer.finish(),
  };
}

/** Time bounds of a segment's rows, and of each service's string id the time of its latest row. */
function describe(
  source: TableSource,
  rows: Uint32Array,
): { min: bigint; max: bigint; lastSeen: Map<number, bigint> } {
  const { times } = source;
  const less = (a: number, b: number) =>
    times[a * 2 + 1] < times[b * 2 + 1] ||
    (times[a * 2 + 1] === times[b * 2 + 1] && times[a * 2] < times[b * 2]);
  let min = rows[0];
  let max = rows[0];
  const latest = new Map<number, number>();
  for (const row of rows) {
    if (less(row, min)) min = row;
    if (less(max, row)) max = row;
    const service = source.serviceOf(row);
    const before = latest.get(service);
    if (before === undefined || less(before, row)) latest.set(service, row);
  }
  const at = (row: number) => (BigInt(times[row * 2 + 1]) << 32n) | BigInt(times[row * 2]);
  return { min: at(min), max: at(max), lastSeen: new Map([...latest].map(([id, row]) => [id, at(row)])) };
}
