import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import { BatchMemory, DecodeContext, LogsDecoder, newCounts } from './index.ts';

/** Decodes a log record for each pair of ids; answers the numbers and the texts that stand for them. */
function decodeIds(ids: readonly (readonly [traceId: Buffer, spanId: Buffer])[]) {
  const log_records = ids.map(([trace_id, span_id]) => ({ trace_id, span_id }));
  const context = new DecodeContext(new BatchMemory(16 * 1024 * 1024));
  const decoder = new LogsDecoder(context);
  const request = encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records }] }] });
  decoder.decode(request, 1n, newCounts());
  const column = (of: Int32Array) => {
    const numbers = [...of.subarray(0, decoder.rows.length)];
    return { numbers, texts: numbers.map((number) => context.strings.text(number)) };
  };
  return { traces: column(decoder.rows.traceId), spans: column(decoder.rows.spanId) };
}

function expectOneNumberEach(
  { numbers, texts }: { numbers: number[]; texts: string[] },
  ids: Buffer[],
): void {
  expect(texts).toEqual(ids.map((id) => id.toString('hex')));
  expect(new Set(numbers).size).toBe(new Set(texts).size);
}

describe('ids', () => {
  it('are hex texts, one for each id however often it is sent', () => {
    // Few different bytes, so that ids repeat and differ from others in one byte only.
    const id = (length: number) =>
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: length, maxLength: length })
        .map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.tuple(id(16), id(8)), { maxLength: 40 }), (ids) => {
        const { traces, spans } = decodeIds([...ids, ...ids]);
        expectOneNumberEach(
          traces,
          [...ids, ...ids].map(([traceId]) => traceId),
        );
        expectOneNumberEach(
          spans,
          [...ids, ...ids].map(([, spanId]) => spanId),
        );
      }),
    );
  });

  it('are kept apart and found again among thousands', () => {
    const ids = Array.from({ length: 20_000 }, (_, i): [Buffer, Buffer] => {
      const traceId = Buffer.alloc(16);
      traceId.writeUInt32LE(i % 9_000, (i % 4) * 4);
      const spanId = Buffer.alloc(8);
      spanId.writeUInt32BE(i % 12_000, 2);
      return [traceId, spanId];
    });
    const { traces, spans } = decodeIds(ids);
    expectOneNumberEach(
      traces,
      ids.map(([traceId]) => traceId),
    );
    expectOneNumberEach(
      spans,
      ids.map(([, spanId]) => spanId),
    );
  });
});
