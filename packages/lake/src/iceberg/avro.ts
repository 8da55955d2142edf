import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import avro from 'avsc';

/** An Avro schema as JSON. What Avro does not know of it, Iceberg's field ids first of all, is kept. */
export type AvroSchema = object;

const MAGIC = Buffer.from('Obj\x01', 'latin1');
/** Records of one block: what a reader decompresses at once. */
const BLOCK_RECORDS = 1000;

const METADATA = avro.Type.forSchema({ type: 'map', values: 'bytes' });
const LONG = avro.Type.forSchema('long');

/**
 * An Avro object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files) of
 * `records`, deflated, with `metadata` in its header. Throws when a record does not fit the schema.
 */
export function avroFile(
  schema: AvroSchema,
  metadata: Readonly<Record<string, string>>,
  records: readonly object[],
): Uint8Array {
  const type = avro.Type.forSchema(schema as avro.Schema);
  const sync = randomBytes(16);
  const header = { ...metadata, 'avro.schema': JSON.stringify(schema), 'avro.codec': 'deflate' };
  const parts = [MAGIC, METADATA.toBuffer(mapValues(header, (text) => Buffer.from(text))), sync];
  for (let from = 0; from < records.length; from += BLOCK_RECORDS) {
    const block = records.slice(from, from + BLOCK_RECORDS);
    const data = deflateRawSync(Buffer.concat(block.map((record) => type.toBuffer(record))));
    parts.push(LONG.toBuffer(block.length), LONG.toBuffer(data.length), data, sync);
  }
  return Buffer.concat(parts);
}

function mapValues<To>(
  values: Readonly<Record<string, string>>,
  to: (value: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));
}
