import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { cook } from '@lakewright/lake';
import { PAYLOADS, requestOf, signalOf } from './payloads.ts';
import { option, printRate, repeat } from './support.ts';

/** OTLP protobuf to sorted Parquet on one core: `npm run bench -- write [--records N] [--runs N]`. */
for (const payload of PAYLOADS) {
  const records = payload === 'long-bodies' ? option('records', 100_000) / 10 : option('records', 100_000);
  const signal = signalOf(payload);
  const bytes = requestOf(payload, records);
  const object = {
    id: 1n,
    organization: DEFAULT_ORGANIZATION,
    collector: 'bench',
    signal,
    key: `otel-raw/${DEFAULT_ORGANIZATION}/bench/${signal}_1.binpb`,
    etag: 'bench',
    size: bytes.length,
    arrivedNs: 1n,
  };
  const { seconds, last } = repeat(
    () => cook({ organization: DEFAULT_ORGANIZATION, signal, inputs: [{ object, bytes }] }),
    option('runs', 7),
    3,
  );
  const rows = last.segments.reduce((sum, segment) => sum + segment.rows, 0);
  if (rows !== records) throw new Error(`${payload}: ${rows} of ${records} records written`);
  const outputBytes = last.segments.reduce((sum, segment) => sum + segment.parquet.length, 0);
  printRate(payload, { records, inputBytes: bytes.length, outputBytes }, seconds);
}
