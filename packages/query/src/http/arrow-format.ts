import { pipeline, Readable } from 'node:stream';
import type { DuckDBType } from '@duckdb/node-api';
import {
  type Data,
  Field,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';
import type { ResultChunk, SqlResult } from '../sql/result.ts';
import { arrowData } from './arrow-data.ts';
import { arrowType } from './arrow-types.ts';

/** An Arrow IPC stream, one record batch for each chunk of rows. */
export function arrowAnswer(result: SqlResult): Readable {
  const writer = RecordBatchStreamWriter.throughNode({ autoDestroy: true });
  // The writer destroys itself with the error of what it reads from, and reads no faster than it is read.
  return pipeline(Readable.from(batches(result)), writer, () => {}) as unknown as Readable;
}

async function* batches(result: SqlResult): AsyncGenerator<RecordBatch> {
  const types = result.columns.map((column) => column.duckdbType);
  const schema = new Schema(
    result.columns.map(
      ({ name, type, duckdbType }) =>
        new Field(name, arrowType(duckdbType), true, new Map([['duckdb.type', type]])),
    ),
  );
  let isFirst = true;
  for await (const chunk of result.chunks()) {
    isFirst = false;
    yield batchOf(schema, types, chunk);
  }
  // The schema travels with the first batch: an answer without rows needs one, too.
  if (isFirst) yield batchOf(schema, types, { rowCount: 0, column: () => [] });
}

function batchOf(schema: Schema, types: readonly DuckDBType[], chunk: ResultChunk): RecordBatch {
  const children: Data[] = types.map((type, i) => arrowData(type, chunk.column(i)));
  const data = makeData({ type: new Struct(schema.fields), length: chunk.rowCount, nullCount: 0, children });
  return new RecordBatch(schema, data);
}
