export { NONE } from './attributes.ts';
export { BatchMemory } from './batch-memory.ts';
export { ByteTable } from './byte-table.ts';
export { DecodeContext, type DecodeCounts, newCounts } from './context.ts';
export {
  type DistributionPoints,
  type DistributionRows,
  HAS_MAX,
  HAS_MIN,
  HAS_SUM,
} from './distribution-points.ts';
export { type LogRows, LogsDecoder } from './logs.ts';
export { MetricsDecoder } from './metrics.ts';
export type { NumberRows } from './number-points.ts';
export { POINT_KINDS, type PointKind } from './series.ts';
export { type SpanRows, TracesDecoder } from './traces.ts';
