/**
 * Cooks an object that does not fit the heap of the cooking thread, then one that does, and prints what became
 * of both. A process of its own, because V8 does not promise to outlive a heap that it has filled.
 */
import { DEFAULT_ORGANIZATION } from '@lakewright/core';
import { createThreadCooker } from '../src/index.ts';

const cooker = createThreadCooker({ workers: 1, maxHeapMb: 24 });

async function cook(text: string): Promise<string> {
  const bytes = Buffer.from(text);
  const object = {
    id: 1n,
    organization: DEFAULT_ORGANIZATION,
    collector: 'files',
    signal: 'logs' as const,
    key: 'logs-raw/large.json',
    etag: 'e',
    size: bytes.length,
    arrivedNs: 1n,
  };
  try {
    const result = await cooker.cook({
      organization: DEFAULT_ORGANIZATION,
      signal: 'logs',
      inputs: [{ object, bytes }],
    });
    return `${result.inputs[0].records} records`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

// One JSON document of a million objects does not fit the heap that the thread is given.
const records = Array.from({ length: 1_000_000 }, () => '{"body":{"stringValue":"x"}}').join(',');
const large = await cook(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}]}]}]}`);
const small = await cook('{"message":"hello"}');
process.stdout.write(JSON.stringify({ large, small }));
await cooker.close();
