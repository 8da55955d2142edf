import { CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { athenaClient } from '../clients.ts';
import { athenaEngine } from '../index.ts';

let moto: Moto;
beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
});
afterAll(() => moto.stop());

const row = (...values: (string | undefined)[]) => ({
  Data: values.map((value) => (value === undefined ? {} : { VarCharValue: value })),
});

/** What the next statement is answered with. */
async function answerNext(rows: readonly object[]): Promise<void> {
  const response = await fetch(`${moto.url}/moto-api/static/athena/query-results`, {
    method: 'POST',
    body: JSON.stringify({ results: [{ rows, column_info: [] }] }),
  });
  expect(response.status).toBe(201);
}

describe('Athena', () => {
  it('answers a statement of a workgroup, without the header', async () => {
    const client = athenaClient({});
    await client.send(new CreateWorkGroupCommand({ Name: 'lake', Configuration: {} }));
    client.destroy();
    await answerNext([row('service_name', 'n'), row('cart', '7'), row(undefined, '2')]);
    const engine = athenaEngine({
      database: 'lake',
      workGroup: 'lake',
      outputLocation: 's3://results/athena/',
    });
    const states: string[] = [];
    const rows: unknown[] = [];
    for await (const page of engine.run('SELECT 1', { onProgress: ({ state }) => states.push(state) })) {
      rows.push(...page);
    }
    engine.close();
    expect(rows).toEqual([
      ['cart', '7'],
      [null, '2'],
    ]);
    expect(states.at(-1)).toBe('SUCCEEDED');
  });
});
