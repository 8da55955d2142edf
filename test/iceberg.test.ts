import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Filter, faultsOf, IcebergReader, type Metadata } from '../packages/lake/test/iceberg-reader.ts';
import { readUri } from '../packages/lake/test/iceberg-stand.ts';
import { LakeProcess, withDirectory } from './support/lake-process.ts';
import { waitFor } from './support/wait.ts';

interface TableList {
  readonly identifiers: readonly { readonly name: string }[];
}

const CATALOG = '/iceberg/v1/namespaces/lake/tables';

/** The names of the tables that a running lake publishes. */
async function tablesOf(lake: LakeProcess): Promise<string[]> {
  return (await lake.get<TableList>(CATALOG)).identifiers.map(({ name }) => name);
}

async function readerOf(lake: LakeProcess, table: string): Promise<IcebergReader> {
  const { metadata } = await lake.get<{ metadata: Metadata }>(`${CATALOG}/${table}`);
  expect(faultsOf(metadata)).toEqual([]);
  return new IcebergReader(metadata, readUri);
}

/** Rows by what tells them apart, as SQL and as an Iceberg reader give them. */
const COLUMNS = ['time_unix_nano', 'service_name', 'resource_attribute_types', 'scope_name', 'flags'];

async function bySql(lake: LakeProcess, table: string, where = 'true'): Promise<string[]> {
  const rows = await lake.rows(`select ${COLUMNS.join(', ')} from ${table} where ${where}`);
  return rows.map((row) => COLUMNS.map((name) => String(row[name])).join('|')).sort();
}

async function byReader(lake: LakeProcess, table: string, filter: Filter = {}): Promise<string[]> {
  const rows = await (await readerOf(lake, table)).scan(filter);
  return rows.map((row) => COLUMNS.map((name) => String(row[name])).join('|')).sort();
}

describe('the lake as Iceberg tables', () => {
  it('lists, plans and reads the same rows as SQL, after a restart, too', async () => {
    await withDirectory(async (directory) => {
      const config = join(directory, 'lakewright.yaml');
      await writeFile(config, 'lake: { iceberg: { interval: 100ms, keep: 1m } }\n');
      const options = { data: join(directory, 'data'), args: ['--config', config] };
      const lake = await LakeProcess.start(options);
      expect(await tablesOf(lake)).toEqual([]);
      const sent = await lake.cli(
        'demo',
        '--duration',
        '400ms',
        '--rate',
        '5000',
        '--endpoint',
        lake.httpUrl,
      );
      expect(sent.code, sent.stderr).toBe(0);
      await lake.settled();
      const logs = await lake.count('select count(*) from logs');
      await waitFor('the interval to publish the logs', async () => {
        if (!(await tablesOf(lake)).includes('logs')) return false;
        const { metadata } = await readerOf(lake, 'logs');
        return metadata.snapshots[metadata.snapshots.length - 1].summary['total-records'] === String(logs);
      });
      await lake.cli('iceberg', 'publish');
      const tables = await tablesOf(lake);
      expect(tables).toEqual(expect.arrayContaining(['logs', 'traces', 'sum']));
      for (const table of tables) expect(await byReader(lake, table)).toEqual(await bySql(lake, table));
      const [{ service_name }] = await lake.rows('select min(service_name) as service_name from logs');
      const asked = await byReader(lake, 'logs', { service: String(service_name) });
      expect(asked.length).toBeGreaterThan(0);
      expect(asked).toEqual(await bySql(lake, 'logs', `service_name = '${service_name}'`));
      const before = await byReader(lake, 'logs');
      expect(await lake.stop()).toBe(0);

      const again = await LakeProcess.start(options);
      expect(await byReader(again, 'logs')).toEqual(before);
      expect((await again.cli('iceberg', 'publish')).stdout).toBe('every table is published as it is\n');
      expect(await again.stop()).toBe(0);

      await writeFile(config, 'lake: { iceberg: { enabled: false } }\n');
      const without = await LakeProcess.start(options);
      expect((await fetch(`${without.queryUrl}${CATALOG}`)).status).toBe(404);
      expect((await without.cli('iceberg', 'publish')).code).toBe(1);
      expect(await without.count('select count(*) from logs')).toBe(logs);
      expect(await without.stop()).toBe(0);
    });
    // It starts the product three times.
  }, 180_000);
});
