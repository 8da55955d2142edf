import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, LimitError, MAX_SECRET_BYTES } from '@lakewright/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretsSuite, told } from '../../../core/test/secrets-suite.ts';
import { localSecrets } from '../index.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lakewright-secrets-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

secretsSuite('localSecrets, in the environment,', async () => {
  const environment: Record<string, string> = {};
  return {
    secrets: localSecrets(environment),
    async put(text) {
      const name = `SECRET_${Object.keys(environment).length}`;
      environment[name] = text;
      return `env:${name}`;
    },
    missing: 'env:NOT_THERE',
    close: async () => undefined,
  };
});

const fileOf = async (content: string | Uint8Array) => {
  const path = join(directory, randomUUID());
  await writeFile(path, content);
  return `file:${path}`;
};

secretsSuite('localSecrets, in files,', async () => ({
  secrets: localSecrets({}),
  put: fileOf,
  missing: `file:${directory}/not/there`,
  close: async () => undefined,
}));

describe('a file', () => {
  const secrets = localSecrets({});

  test.each([
    ['a\n', 'a'],
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    ['\ufeffa', 'a'],
  ])('%j is the secret %j', async (content, text) => {
    expect(await secrets.get(await fileOf(content))).toBe(text);
  });

  test.each([
    ['', ConfigError],
    ['\n', ConfigError],
    [Buffer.from('hunter2\xff', 'latin1'), ConfigError],
    ['hunter2'.padEnd(MAX_SECRET_BYTES + 1, 'x'), LimitError],
    ['hunter2'.padEnd(MAX_SECRET_BYTES + 99, 'x'), LimitError],
  ])('that is no secret is refused without a word of it', async (content, kind) => {
    const refused = await secrets.get(await fileOf(content)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(kind);
    expect(told(refused)).not.toContain('hunter2');
  });

  test('a directory is refused, and so is what has no end', async () => {
    await expect(secrets.get(`file:${directory}`)).rejects.toThrow(ConfigError);
    await expect(secrets.get('file:/dev/zero')).rejects.toThrow(LimitError);
  });
});

test('a variable that is empty is refused', async () => {
  await expect(localSecrets({ A: '' }).get('env:A')).rejects.toThrow('the secret env:A is empty');
});
