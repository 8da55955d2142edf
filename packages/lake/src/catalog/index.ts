export { Catalog, type CatalogSettings, LEASE_MS, MAX_ATTEMPTS } from './catalog.ts';
export type { Holdings } from './holdings.ts';
export type { IcebergBooks, IcebergPublication, TableId } from './iceberg.ts';
export type {
  FullSegment,
  MergeBooks,
  MergeCandidate,
  MergeGroup,
  MergeGroupSize,
  MergePublication,
} from './merges.ts';
export type { Publication } from './publish.ts';
export type { ClaimedObject, ClaimOptions, NewRawObject } from './raw-objects.ts';
export { ROLLUP_LOOKBACK_NS } from './rollup-marks.ts';
export type { RollupBooks, RollupInput, RollupInputs, RollupPublication, RollupUnit } from './rollups.ts';
export type { MetricCount, SeriesBooks } from './series.ts';
export type { RawRow, SegmentRow, SweepBooks, SweepScope } from './sweeps.ts';
