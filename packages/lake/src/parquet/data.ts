/** Strings by number, as otlp's ByteTable holds them. */
export interface StringTable {
  readonly arena: Uint8Array;
  readonly offsets: Int32Array;
  readonly count: number;
  compare(a: number, b: number): number;
}

/**
 * One column's values for one row group, in row order. A string id below 0 is NULL; where `nulls` is given,
 * 1 marks a NULL and the value at that place is ignored.
 */
export type ColumnData =
  /**
   * All rows of numbers or texts, MIN_CONSTANT_ROWS at least, have the value of the one row of `one`; without it they
   * are NULL, or empty maps.
   */
  | { readonly kind: 'constant'; readonly one: ColumnData | undefined }
  | { readonly kind: 'strings'; readonly ids: Int32Array; readonly table: StringTable }
  /** Texts that hardly repeat: of each row whether it has one (1) or is NULL (0), then the `count` that are there. */
  | {
      readonly kind: 'texts';
      readonly present: Uint8Array;
      readonly count: number;
      readonly lengths: Int32Array;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'int64'; readonly words: Uint32Array; readonly nulls?: Uint8Array }
  | { readonly kind: 'int32'; readonly values: Int32Array; readonly nulls?: Uint8Array }
  | { readonly kind: 'double'; readonly values: Float64Array; readonly nulls?: Uint8Array }
  | { readonly kind: 'boolean'; readonly values: Uint8Array; readonly nulls?: Uint8Array }
  /** Entries of row `i` are `starts[i] .. starts[i] + lengths[i]` of `keys` and `values`. */
  | {
      readonly kind: 'map';
      readonly starts: Int32Array;
      readonly lengths: Int32Array;
      readonly keys: Int32Array;
      readonly values: Int32Array;
      readonly table: StringTable;
    }
  | {
      readonly kind: 'int64-list';
      readonly starts: Int32Array;
      readonly lengths: Int32Array;
      readonly words: Uint32Array;
    }
  | {
      readonly kind: 'double-list';
      readonly starts: Int32Array;
      readonly lengths: Int32Array;
      readonly values: Float64Array;
    };
