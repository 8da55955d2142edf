import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsSecrets } from '@lakewright/aws';
import { BadInputError } from '@lakewright/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openSecrets } from './secrets.ts';

afterEach(() => vi.unstubAllEnvs());

describe('openSecrets', () => {
  it('reads the environment and files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lakewright-secrets-'));
    try {
      const file = join(directory, 'password');
      await writeFile(file, 'from a file\n');
      const secrets = openSecrets({ PASSWORD: 'from the environment' });
      expect(await secrets.get('env:PASSWORD')).toBe('from the environment');
      expect(await secrets.get(`file:${file}`)).toBe('from a file');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('knows every scheme of AWS, and asks AWS for it', async () => {
    expect(openSecrets({}).schemes).toEqual(expect.arrayContaining([...awsSecrets().schemes]));
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ Parameter: { Value: 'from AWS' } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'testing');
      vi.stubEnv('AWS_REGION', 'eu-west-1');
      expect(await openSecrets({}).get('ssm:/lake/password')).toBe('from AWS');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('refuses what is no reference', async () => {
    await expect(openSecrets({}).get('hunter2')).rejects.toThrow(BadInputError);
  });
});
