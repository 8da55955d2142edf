import { BadInputError } from '@lakewright/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givenByFile, givenBySet, LAKERUNNER } from '../index.ts';

const set = (text: string) => givenBySet(text, LAKERUNNER, 'prod');
const file = (text: string) => givenByFile('p.yaml', text, LAKERUNNER, 'prod');

describe('--set', () => {
  it.each([
    ['A=b', { name: 'A', value: 'b', stack: undefined }],
    ['A=', { name: 'A', value: '', stack: undefined }],
    ['A=b=c,d', { name: 'A', value: 'b=c,d', stack: undefined }],
    ['common.A=b.c=d', { name: 'A', value: 'b.c=d', stack: 'common' }],
    ['migration.A=b', { name: 'A', value: 'b', stack: 'setup' }],
    ['prod-ecs-services.A=b', { name: 'A', value: 'b', stack: 'services' }],
  ])('%s', (text, expected) => expect(set(text)).toEqual(expected));

  it.each(['', 'A', '=b', 'comon.A=b'])('refuses %j', (text) => {
    expect(() => set(text)).toThrow(BadInputError);
  });

  it('does not repeat a value that has no name: it may be a secret', () => {
    const secret = 'x'.repeat(200);
    expect(() => set(secret)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });

  it('keeps every value as it is', () => {
    fc.assert(fc.property(fc.string(), (value) => set(`Name=${value}`).value === value));
  });
});

describe('--params', () => {
  it.each([
    ['[{"ParameterKey":"A","ParameterValue":"b,c"},{"ParameterKey":"B","UsePreviousValue":true}]', ['A=b,c']],
    ['A: b\ncommon.B: Yes\nC: 3\nD: true\nE: [x, y]', ['A=b', 'B=Yes', 'C=3', 'D=true', 'E=x,y']],
    ['{"A": "b"}', ['A=b']],
  ])('%j', (text, expected) => {
    expect(file(text).map(({ name, value }) => `${name}=${value}`)).toEqual(expected);
  });

  it.each(['', '3', 'A: {b: c}', '[{"ParameterKey":"A"}]', '[3]', '{', 'A:'])('refuses %j', (text) => {
    expect(() => file(text)).toThrow(BadInputError);
  });
});
