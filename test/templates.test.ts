import { ROUTES } from '@lakewright/infra/testing';
import { expect, it } from 'vitest';
import { LakeProcess, withDirectory } from './support/lake-process.ts';

it('what the checks of templates take for routes of the query API, it serves', async () => {
  await withDirectory(async (data) => {
    const lake = await LakeProcess.start({ data });
    const statuses = await Promise.all(
      ROUTES[7101].map(async (path) => [path, (await fetch(`${lake.queryUrl}${path}`)).status]),
    );
    expect(statuses.filter(([, status]) => status === 404)).toEqual([]);
    expect(await lake.stop()).toBe(0);
  });
});
