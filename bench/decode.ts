import { DecodeContext, LogsDecoder, MetricsDecoder, newCounts, TracesDecoder } from '@lakewright/otlp';
import { PAYLOADS, requestOf, signalOf } from './payloads.ts';
import { option, printRate, repeat } from './support.ts';

/** OTLP protobuf to columns on one core: `npm run bench -- decode [--records N] [--runs N]`. */
const DECODERS = { logs: LogsDecoder, traces: TracesDecoder, metrics: MetricsDecoder };

for (const payload of PAYLOADS) {
  const records = payload === 'long-bodies' ? option('records', 100_000) / 10 : option('records', 100_000);
  const body = requestOf(payload, records);
  const { seconds, last } = repeat(
    () => {
      const counts = newCounts();
      new DECODERS[signalOf(payload)](new DecodeContext()).decode(body, 1n, counts);
      return counts.records;
    },
    option('runs', 7),
    3,
  );
  if (last !== records) throw new Error(`${payload}: ${last} of ${records} records decoded`);
  printRate(payload, { records, inputBytes: body.length }, seconds);
}
