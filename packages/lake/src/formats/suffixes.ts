export type Compression = 'none' | 'gzip' | 'zstd';
export type Format = 'protobuf' | 'json' | 'ndjson' | 'csv';

const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' };
const FORMATS: Readonly<Record<string, Format>> = {
  binpb: 'protobuf',
  pb: 'protobuf',
  otlp: 'protobuf',
  protobuf: 'protobuf',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
};

/**
 * What a key's suffixes, in any case, say about the object: `x.json.gz` is gzip-compressed JSON. `format`
 * is undefined when the suffix is missing or unknown; the bytes must then say.
 */
export function suffixesOf(key: string): { compression: Compression; format: Format | undefined } {
  const parts = key
    .slice(key.lastIndexOf('/') + 1)
    .toLowerCase()
    .split('.')
    .slice(1);
  const compression = lookUp(COMPRESSIONS, parts.at(-1)) ?? 'none';
  if (compression !== 'none') parts.pop();
  return { compression, format: lookUp(FORMATS, parts.at(-1)) };
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string | undefined): T | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
