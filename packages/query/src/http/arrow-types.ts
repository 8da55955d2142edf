import { DuckDBDecimalType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  Struct,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { nestedType } from './values.ts';

const FLAT: Readonly<Partial<Record<DuckDBTypeId, () => DataType>>> = {
  [DuckDBTypeId.BOOLEAN]: () => new Bool(),
  [DuckDBTypeId.TINYINT]: () => new Int8(),
  [DuckDBTypeId.SMALLINT]: () => new Int16(),
  [DuckDBTypeId.INTEGER]: () => new Int32(),
  [DuckDBTypeId.BIGINT]: () => new Int64(),
  [DuckDBTypeId.UTINYINT]: () => new Uint8(),
  [DuckDBTypeId.USMALLINT]: () => new Uint16(),
  [DuckDBTypeId.UINTEGER]: () => new Uint32(),
  [DuckDBTypeId.UBIGINT]: () => new Uint64(),
  // sum() of integers is a HUGEINT: Arrow's widest integer is a decimal without places.
  [DuckDBTypeId.HUGEINT]: () => new Decimal(0, 38, 128),
  [DuckDBTypeId.FLOAT]: () => new Float32(),
  [DuckDBTypeId.DOUBLE]: () => new Float64(),
  [DuckDBTypeId.BLOB]: () => new Binary(),
  [DuckDBTypeId.DATE]: () => new DateDay(),
  [DuckDBTypeId.TIMESTAMP]: () => new Timestamp(TimeUnit.MICROSECOND, 'UTC'),
  [DuckDBTypeId.TIMESTAMP_TZ]: () => new Timestamp(TimeUnit.MICROSECOND, 'UTC'),
  [DuckDBTypeId.TIMESTAMP_S]: () => new Timestamp(TimeUnit.SECOND, 'UTC'),
  [DuckDBTypeId.TIMESTAMP_MS]: () => new Timestamp(TimeUnit.MILLISECOND, 'UTC'),
  [DuckDBTypeId.TIMESTAMP_NS]: () => new Timestamp(TimeUnit.NANOSECOND, 'UTC'),
};

/** The Arrow type of a DuckDB type; text, as the JSON answer has it, where Arrow has none like it. */
export function arrowType(type: DuckDBType): DataType {
  const nested = nestedType(type);
  if (nested?.kind === 'list') return new List(new Field('item', arrowType(nested.item), true));
  if (nested?.kind === 'struct')
    return new Struct(nested.names.map((name, i) => field(name, nested.types[i])));
  if (nested?.kind === 'map') {
    const entries = new Struct<{ key: DataType; value: DataType }>([
      new Field('key', arrowType(nested.key), false),
      field('value', nested.value),
    ] as never);
    return new Map_(new Field('entries', entries, false));
  }
  if (type instanceof DuckDBDecimalType) return new Decimal(type.scale, type.width, 128);
  return FLAT[type.typeId]?.() ?? new Utf8();
}

const field = (name: string, type: DuckDBType) => new Field(name, arrowType(type), true);
