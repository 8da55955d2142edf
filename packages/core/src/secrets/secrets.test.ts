import { describe, expect, test } from 'vitest';
import { BadInputError, ConfigError, LimitError } from '../errors.ts';
import {
  checkedSecret,
  MAX_SECRET_BYTES,
  parseSecretReference,
  type Secrets,
  secretsByScheme,
} from './secrets.ts';

const keeper = (...schemes: string[]): Secrets => ({
  schemes,
  get: async (reference) => `${schemes[0]} was asked for ${reference}`,
});

describe('secretsByScheme', () => {
  const secrets = secretsByScheme([keeper('env', 'file'), keeper('ssm')]);

  test.each([
    ['env:A', 'env was asked for env:A'],
    ['file:/a:b', 'env was asked for file:/a:b'],
    ['ssm:/lake/password', 'ssm was asked for ssm:/lake/password'],
  ])('%s', async (reference, text) => {
    expect(await secrets.get(reference)).toBe(text);
  });

  test.each(['', 'env', 'env:', ':A', 'hunter2', 'hunter2:env:A', 'ENV:A', 'vault:A', 'file:a\nb', 'env:\0'])(
    '%j is refused and not quoted',
    async (reference) => {
      const refused = secrets.get(reference);
      await expect(refused).rejects.toThrow(BadInputError);
      await expect(refused).rejects.toMatchObject({
        message: 'the reference to a secret is none',
        hint: 'write env:NAME or file:NAME or ssm:NAME',
      });
    },
  );
});

test('a reference has a scheme and a name', () => {
  expect(parseSecretReference('a:b:c#d', ['a'])).toEqual({ scheme: 'a', name: 'b:c#d' });
});

test('a secret is a text of bounded length', () => {
  expect(checkedSecret('env:A', ' x\n')).toBe(' x\n');
  expect(() => checkedSecret('env:A', '')).toThrow(ConfigError);
  const longest = 'é'.repeat(MAX_SECRET_BYTES / 2);
  expect(checkedSecret('env:A', longest)).toBe(longest);
  expect(() => checkedSecret('env:A', `${longest}x`)).toThrow(LimitError);
});
