import { ConfigError, DEFAULT_ORGANIZATION } from '@lakewright/core';
import { describe, expect, test } from 'vitest';
import { assertBindAllowed, authenticator, loadApiKeys } from '../index.ts';

const ONE = '11111111-1111-4111-8111-111111111111';
const TWO = '22222222-2222-4222-8222-222222222222';
const YAML = `
- organization_id: ${ONE}
  keys:
    - first-key-of-one
    - "second-key-of-one"
- organization_id: ${TWO.toUpperCase()}
  keys: ['12345678']
`;

describe('authenticator', () => {
  const auth = authenticator(loadApiKeys(YAML));
  test.each<[string, Record<string, string | string[] | undefined>, string | undefined]>([
    ['bearer', { authorization: 'Bearer first-key-of-one' }, ONE],
    ['bearer of any case', { authorization: 'bearer  second-key-of-one' }, ONE],
    ['own header', { 'x-cardinalhq-api-key': '12345678' }, TWO],
    [
      'the bearer before the own header',
      { authorization: 'Bearer nobody-knows', 'x-cardinalhq-api-key': '12345678' },
      undefined,
    ],
    [
      'own header beside another scheme',
      { authorization: 'Basic abc', 'x-cardinalhq-api-key': '12345678' },
      TWO,
    ],
    ['no header', {}, undefined],
    ['a wrong key', { authorization: 'Bearer first-key-of-two' }, undefined],
    ['half a key', { authorization: 'Bearer first-key' }, undefined],
    ['an empty key', { 'x-cardinalhq-api-key': '' }, undefined],
    ['a header sent twice', { 'x-cardinalhq-api-key': ['12345678', '12345678'] }, undefined],
  ])('%s', (_, headers, organization) => {
    expect(auth.organizationOf(headers)).toBe(organization);
  });

  test('without keys everybody is the default organization', () => {
    const open = authenticator(undefined);
    expect(open.enforced).toBe(false);
    expect(open.organizationOf({ authorization: 'Bearer whatever' })).toBe(DEFAULT_ORGANIZATION);
  });

  test('an organization with an empty list has no key', () => {
    const keys = loadApiKeys(
      `- organization_id: ${ONE}\n  keys: []\n- {organization_id: ${TWO}, keys: [12345678a]}`,
    );
    expect(keys.organizations).toEqual([ONE, TWO]);
    expect(keys.entries.map(({ organization }) => organization)).toEqual([TWO]);
    expect(authenticator(loadApiKeys(`[{organization_id: ${ONE}, keys: []}]`)).enforced).toBe(true);
  });

  test('keys are not held in clear', () => {
    expect(JSON.stringify(loadApiKeys(YAML))).not.toMatch(/first-key|12345678/);
  });
});

describe('loadApiKeys refuses, naming the position and not the key', () => {
  const entry = (keys: string, organization = ONE) => `- organization_id: ${organization}\n  keys: ${keys}\n`;
  test.each<[string, string, RegExp]>([
    ['nothing', '', /line 1, column 1: expected a list/],
    ['a map', 'organization_id: x', /expected a list/],
    ['an empty list', '[]', /expected a list/],
    ['an entry that is no map', '- secret-key-1', /line 1, column 3: expected organization_id and keys/],
    ['an unknown field', `${entry('[secret-key-1]')}  name: x\n`, /line 3, column 3: a field other than/],
    ['no organization', '- keys: [secret-key-1]', /organization_id: expected a UUID/],
    ['no UUID', entry('[secret-key-1]', 'acme'), /line 1, column 20: organization_id: not a UUID/],
    ['no keys', `- organization_id: ${ONE}`, /keys: expected a list of keys/],
    ['keys without a value', entry(''), /keys: expected a list of keys/],
    ['null for keys', entry('null'), /line 2, column 9: keys: expected a list of keys/],
    ['one key, not a list', entry('secret-key-1'), /keys: expected a list of keys/],
    ['a short key', entry('[secret]'), /line 2, column 10: keys: shorter than 8 characters/],
    [
      'a key of digits without quotes',
      entry('[secret-key-1, 1234567890]'),
      /line 2, column 24: keys: expected a string/,
    ],
    ['a key with a space', entry('["secret key 1"]'), /printable ASCII/],
    ['an alias', entry('[&a secret-key-1, *a]'), /line 2, column 27: keys: expected a string/],
    [
      'a key of two organizations',
      entry('[secret-key-1]') + entry('[secret-key-1]', TWO),
      /line 4, column 10: .*another/,
    ],
    [
      'a repeated field',
      `${entry('[secret-key-1]')}  keys: [secret-key-2]\n`,
      /not valid YAML \(DUPLICATE_KEY\)/,
    ],
    ['bad YAML', `${entry('[secret-key-1')}`, /not valid YAML/],
    ['an unresolved alias', entry('[*secret-key-1]'), /not valid|expected a string/],
  ])('%s', (_, yaml, message) => {
    const attempt = () => loadApiKeys(yaml);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(/^(?!.*secret)/s);
  });

  test('one key twice for one organization is one key', () => {
    expect(loadApiKeys(entry('[secret-key-1, secret-key-1]')).entries).toHaveLength(1);
  });
});

describe('assertBindAllowed', () => {
  test.each(['127.0.0.1', '127.9.8.7', '::1', '[::1]', '0:0:0:0:0:0:0:1', 'localhost'])(
    '%s needs no keys',
    (host) => {
      expect(() => assertBindAllowed(host, undefined)).not.toThrow();
    },
  );

  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'example.com',
    '127.0.0.1.example.com',
    '',
  ])('%s needs keys', (host) => {
    expect(() => assertBindAllowed(host, undefined)).toThrow(ConfigError);
    expect(() => assertBindAllowed(host, loadApiKeys(YAML))).not.toThrow();
  });
});
