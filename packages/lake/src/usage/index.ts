export { Distinct } from './distinct.ts';
export { type LedgerDependencies, SeriesLedger } from './ledger.ts';
export { SeriesWatch, type SeriesWatchDependencies } from './watch.ts';
