import type { ByteSink } from './byte-sink.ts';

/** The values of one leaf in one row group, encoded: NULLs are left out, as Parquet leaves them out. */
export interface EncodedValues {
  readonly encoding: number;
  /** Entries of the dictionary page that `dictionary` received; 0 when there is none. */
  readonly dictionaryCount: number;
  /** Bounds as PLAIN bytes without a length, when they are known. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** Where `values` encoders write: the dictionary page's and the data page's bytes. */
export interface ValueSinks {
  readonly dictionary: ByteSink;
  readonly data: ByteSink;
}
