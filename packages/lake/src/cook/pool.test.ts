import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

// What cooking threads have in common with the others: threads/pools.test.ts.

// One call of JSON.parse goes on beyond the heap's limit, which V8 then raises in steps. When it takes the thread down
// it collects once more, and for some sizes of document and heap it aborts the process there (nodejs/node#47224 is of
// that kind). The object then counts one attempt more, and is a dead letter after five.
it('survives a cooking thread that runs out of memory: its object is named, the next job is done', {
  retry: 2,
}, async () => {
  const script = fileURLToPath(new URL('../../test/exhaust-thread.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(JSON.parse(stdout)).toEqual({
    large: expect.stringMatching(/^BadObjectError: the thread that read it died/),
    small: '1 records',
  });
});
