import { BadInputError } from '@lakewright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { both, denials, evaluatePolicies, type PolicyRequest, parsePolicy } from './index.ts';
import { matches, matchesArn } from './wildcards.ts';

const ROLE = 'arn:aws:iam::123456789012:role/path/lake';
const OBJECT = 'arn:aws:s3:::acme/otel-raw/1';
const SOURCES: Record<string, string> = { '*': '.*', '?': '.', '.': '\\.' };
/** A policy variable. */
const variable = (key: string) => `\${${key}}`;
const KNOWN = { keys: {}, complete: true } as const;

function decide(statements: unknown, request: Partial<PolicyRequest> = {}) {
  const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'policy');
  return evaluatePolicies([policy], {
    asker: { kind: 'role', arn: ROLE },
    action: 's3:GetObject',
    resource: OBJECT,
    context: KNOWN,
    ...request,
  }).decision;
}

const allow = (more: object = {}) => ({ Effect: 'Allow', Action: 's3:*', Resource: '*', ...more });
const deny = (more: object = {}) => ({ ...allow(more), Effect: 'Deny' });

describe('evaluate', () => {
  test.each<[string, unknown, string]>([
    ['one statement outside a list', allow(), 'allowed'],
    ['nothing', [], 'implicit'],
    ['another action', allow({ Action: ['s3:PutObject', 'sqs:*'] }), 'implicit'],
    ['an action in another case', allow({ Action: 'S3:getobject' }), 'allowed'],
    ['a question mark', allow({ Action: 's3:?etObject' }), 'allowed'],
    ['NotAction of another', allow({ Action: undefined, NotAction: 's3:Delete*' }), 'allowed'],
    ['NotAction of this', allow({ Action: undefined, NotAction: 's3:Get*' }), 'implicit'],
    ['the bucket and not its objects', allow({ Resource: 'arn:aws:s3:::acme' }), 'implicit'],
    ['its objects', allow({ Resource: 'arn:aws:s3:::acme/*' }), 'allowed'],
    ['a resource in another case', allow({ Resource: 'arn:aws:s3:::Acme/*' }), 'implicit'],
    ['NotResource', allow({ Resource: undefined, NotResource: 'arn:aws:s3:::acme/db/*' }), 'allowed'],
    ['a deny after an allow', [allow(), deny({ Resource: 'arn:aws:s3:::acme/*' })], 'denied'],
    ['a deny before an allow', [deny(), allow()], 'denied'],
    ['a deny of something else', [allow(), deny({ Action: 's3:PutObject' })], 'allowed'],
    ['everybody', allow({ Principal: '*' }), 'allowed'],
    ['everybody of AWS', allow({ Principal: { AWS: ['*'] } }), 'allowed'],
    ['the role', allow({ Principal: { AWS: ROLE } }), 'allowed'],
    ['another role', allow({ Principal: { AWS: `${ROLE}2` } }), 'implicit'],
    ['the account', allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } }), 'allowed'],
    ['the number of the account', allow({ Principal: { AWS: '123456789012' } }), 'allowed'],
    ['another account', allow({ Principal: { AWS: 'arn:aws:iam::999999999999:root' } }), 'implicit'],
    ['all but the role', [allow(), deny({ Principal: undefined, NotPrincipal: { AWS: ROLE } })], 'allowed'],
    ['all but another', [allow(), deny({ NotPrincipal: { AWS: 'arn:aws:iam::1:root' } })], 'denied'],
    ['a service', allow({ Principal: { Service: 's3.amazonaws.com' } }), 'implicit'],
  ])('%s', (_name, statements, expected) => {
    expect(decide(statements)).toBe(expected);
  });

  const keys = {
    'aws:sourcearn': ['arn:aws:s3:::acme'],
    'aws:sourceaccount': ['123456789012'],
    'aws:securetransport': ['true'],
    'aws:tagkeys': ['a', 'b'],
    's3:max-keys': ['10'],
    'aws:principalorgid': undefined,
  };
  test.each<[string, object, string, string]>([
    ['ArnLike, a star', { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:*:*:acme' } }, 'yes', 'yes'],
    ['ArnLike, a star over colons', { ArnLike: { 'aws:SourceArn': 'arn:aws:s3*acme' } }, 'no', 'no'],
    ['ArnEquals takes stars', { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::ac*' } }, 'yes', 'yes'],
    ['StringLike', { StringLike: { 'AWS:sourcearn': 'arn*acme' } }, 'yes', 'yes'],
    ['one of many', { StringEquals: { 'aws:SourceAccount': ['1', '123456789012'] } }, 'yes', 'yes'],
    ['none of many', { StringEquals: { 'aws:SourceAccount': ['1', '2'] } }, 'no', 'no'],
    ['StringNotEquals', { StringNotEquals: { 'aws:SourceAccount': ['1', '123456789012'] } }, 'no', 'no'],
    [
      'two operators',
      { StringEquals: { 'aws:SourceAccount': '123456789012' }, Bool: { 'aws:SecureTransport': 'false' } },
      'no',
      'no',
    ],
    ['Bool', { Bool: { 'aws:SecureTransport': false } }, 'no', 'no'],
    ['a number', { NumericLessThanEquals: { 's3:max-keys': '10' } }, 'yes', 'yes'],
    ['a smaller number', { NumericLessThan: { 's3:max-keys': 10 } }, 'no', 'no'],
    ['an absent key', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'no', 'no'],
    ['an absent key, negated', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'yes', 'yes'],
    ['an absent key, IfExists', { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }, 'yes', 'yes'],
    ['Null of an absent key', { Null: { 'aws:PrincipalOrgID': 'true' } }, 'yes', 'yes'],
    ['Null of a present key', { Null: { 'aws:SourceArn': 'true' } }, 'no', 'no'],
    ['an unknown key', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, 'maybe', 'no'],
    ['an unknown key, negated', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }, 'maybe', 'yes'],
    ['an unknown operator', { IpAddress: { 'aws:SourceArn': '10.0.0.0/8' } }, 'maybe', 'maybe'],
    ['a variable', { StringEquals: { 'aws:SourceAccount': variable('aws:SourceAccount') } }, 'yes', 'yes'],
    [
      'an unknown variable',
      { StringEquals: { 'aws:SourceAccount': variable('aws:username') } },
      'maybe',
      'maybe',
    ],
    ['ForAllValues', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, 'no', 'no'],
    [
      'ForAnyValue of nothing, negated',
      { 'ForAnyValue:StringNotEquals': { 'aws:PrincipalOrgID': ['a'] } },
      'no',
      'no',
    ],
    ['ForAnyValue', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, 'yes', 'yes'],
    [
      'ForAllValues of nothing',
      { 'ForAllValues:StringEquals': { 'aws:PrincipalOrgID': ['a'] } },
      'yes',
      'yes',
    ],
  ])('condition: %s', (_name, Condition, partly, completely) => {
    const words = { yes: ['allowed', 'denied'], no: ['implicit', 'allowed'], maybe: ['maybe', 'maybe'] };
    for (const [complete, expected] of [
      [false, partly],
      [true, completely],
    ] as const) {
      const [allowed, denied] = words[expected as keyof typeof words];
      const request = { context: { keys, complete } };
      expect(decide(allow({ Condition }), request)).toBe(allowed);
      expect(decide([allow(), deny({ Condition })], request)).toBe(denied);
    }
  });

  test('a service is named as one, or is everybody', () => {
    const request = { asker: { kind: 'service', name: 's3.amazonaws.com' } } as const;
    expect(
      decide(allow({ Principal: { Service: ['sns.amazonaws.com', 's3.amazonaws.com'] } }), request),
    ).toBe('allowed');
    expect(decide(allow({ Principal: { Service: 'sns.amazonaws.com' } }), request)).toBe('implicit');
    expect(decide(allow({ Principal: '*' }), request)).toBe('allowed');
  });

  test('of two that must both allow, the stricter one counts', () => {
    const one = (decision: 'allowed' | 'denied' | 'implicit' | 'maybe') => ({ decision, statements: [] });
    expect(both(one('allowed'), one('implicit')).decision).toBe('implicit');
    expect(both(one('implicit'), one('denied')).decision).toBe('denied');
    expect(both(one('maybe'), one('allowed')).decision).toBe('maybe');
    expect(both(one('allowed'), one('allowed')).decision).toBe('allowed');
  });

  test('denials are found without an allow', () => {
    const policy = parsePolicy(
      JSON.stringify({ Statement: [deny({ Principal: '*', Sid: 'no' })] }),
      'policy',
    );
    const request = {
      asker: { kind: 'role', arn: ROLE },
      action: 's3:GetObject',
      resource: OBJECT,
      context: KNOWN,
    } as const;
    expect(denials(policy, request).statements[0].sid).toBe('no');
    expect(denials(policy, { ...request, action: 'sqs:SendMessage' }).decision).toBe('implicit');
  });
});

describe('parsePolicy', () => {
  test.each([
    '',
    '[]',
    '{}',
    '{"Statement":[1]}',
    '{"Statement":{"Effect":"allow","Action":"*"}}',
    '{"Statement":{"Effect":"Allow"}}',
    '{"Statement":{"Effect":"Allow","Action":[{}]}}',
    '{"Statement":{"Effect":"Allow","Action":"*","Condition":[]}}',
  ])('refuses %s', (text) => {
    expect(() => parsePolicy(text, 'policy of acme')).toThrow(BadInputError);
    expect(() => parsePolicy(text, 'policy of acme')).toThrow(/policy of acme/);
  });

  test('never fails but with BadInputError', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          parsePolicy(`{"Statement":${text}}`, 'policy');
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
    );
  });
});

describe('wildcards', () => {
  test('mean what a regular expression means', () => {
    const piece = fc.constantFrom('a', 'b', ':', '/', '.');
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.constantFrom('*', '?')), { maxLength: 8 }),
        fc.array(piece, { maxLength: 10 }),
        (pattern, text) => {
          const source = pattern.map((c) => SOURCES[c] ?? c).join('');
          expect(matches(pattern.join(''), text.join(''))).toBe(
            new RegExp(`^${source}$`).test(text.join('')),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('take no time that a pattern could make long', () => {
    const started = performance.now();
    expect(matches(`${'*a'.repeat(50)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('of ARNs stay between colons, but for the last part', () => {
    expect(matchesArn('arn:aws:sqs:*:*:a', 'arn:aws:sqs:eu-west-1:1:a')).toBe(true);
    expect(matchesArn('arn:aws:secretsmanager:*:*:*', 'arn:aws:secretsmanager:eu-west-1:1:secret:a')).toBe(
      true,
    );
    expect(matchesArn('arn:aws:*', 'arn:aws:sqs:eu-west-1:1:a')).toBe(false);
  });
});
