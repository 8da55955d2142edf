import { INTEGER } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../errors.ts';
import type { SqlResult } from '../sql/result.ts';
import { csvAnswer, jsonAnswer, ndjsonAnswer } from './text-formats.ts';

/** A result that breaks after its first chunk. */
function breaking(failure: Error): SqlResult {
  return {
    columns: [{ name: 'a', type: 'INTEGER', duckdbType: INTEGER }],
    stats: {
      segments: 1,
      bytes: 1,
      bytesRead: 1,
      rowsReturned: 4,
      truncated: false,
      limit: 10,
      elapsedMs: 1,
    },
    async *chunks() {
      yield { rowCount: 2, column: () => [1, 2] };
      throw failure;
    },
    close: async () => {},
  };
}

async function written(answer: AsyncIterable<string>): Promise<{ text: string; failure: unknown }> {
  let text = '';
  try {
    for await (const part of answer) text += part;
    return { text, failure: undefined };
  } catch (failure) {
    return { text, failure };
  }
}

describe('an answer that breaks half-way', () => {
  it('ends with an error line in NDJSON', async () => {
    const { text, failure } = await written(ndjsonAnswer(breaking(new EngineError('it broke'))));
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ a: 1 }, { a: 2 }, { error: { code: 'ENGINE', message: 'it broke' } }]);
    expect(failure).toBeUndefined();
  });

  it('does not tell an asker of errors that nobody foresaw', async () => {
    const { text } = await written(ndjsonAnswer(breaking(new Error('/home/somebody/secret'))));
    expect(text).not.toContain('secret');
    expect(text).toContain('INTERNAL');
  });

  it.each([
    ['JSON', jsonAnswer],
    ['CSV', csvAnswer],
  ])(
    'fails in %s, which has no room for an error, so that the connection breaks too',
    async (_name, format) => {
      const broke = new EngineError('it broke');
      expect((await written(format(breaking(broke)))).failure).toBe(broke);
    },
  );
});
