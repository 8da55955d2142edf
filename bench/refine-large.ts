/** One big object through the hello-world handler; `refine` starts it in a process of its own. */
import { objectCreatedEvent, parseRules, silentLogger } from '@lakewright/core';
import { FileObjectStore } from '@lakewright/local';
import { createLambdaHandler, helloWorld } from '@lakewright/refine';
import { peakMemoryMb } from './support.ts';

const BUCKET = 'data-repository';
const KEY = 'RefinerInput/large.bin';

const store = await FileObjectStore.open(process.argv[2]);
const [rule] = parseRules([{ name: 'Refiner' }], 'bench');
const before = peakMemoryMb();
const handler = createLambdaHandler({
  rule,
  bucket: BUCKET,
  store,
  handler: helloWorld,
  logger: silentLogger,
});
const event = {
  bucket: BUCKET,
  key: KEY,
  etag: undefined,
  size: undefined,
  versionId: undefined,
  sequencer: undefined,
};
const start = performance.now();
const { batchItemFailures } = await handler(
  { Records: [{ messageId: '1', receiptHandle: '1', body: objectCreatedEvent(event, '1', 0) }] },
  { getRemainingTimeInMillis: () => 900_000 },
);
const seconds = (performance.now() - start) / 1000;
const completion = await store.head('RefinerComplete/large.bin.json');
if (batchItemFailures.length > 0 || completion === undefined) throw new Error('not completed');
const size = (await store.head(KEY))?.size ?? 0;
process.stdout.write(
  `one object of ${(size / 1e6).toFixed(0)} MB, copied twice: ${seconds.toFixed(1)} s, ` +
    `${(size / seconds / 1e6).toFixed(0)} MB/s in, ${peakMemoryMb().toFixed(0)} MB peak (${before.toFixed(0)} MB before)\n`,
);
