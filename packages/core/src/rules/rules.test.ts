import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { checkRules, parseRules, ruleFor } from './index.ts';

const rule = (name: string, inputPrefix: string, ...outputPrefixes: string[]) => ({
  name,
  inputPrefix,
  outputPrefixes,
});

describe('parseRules', () => {
  it('derives everything from the name', () => {
    expect(parseRules([{ name: 'Refiner' }], 'rules')).toEqual([
      {
        name: 'Refiner',
        inputPrefix: 'RefinerInput/',
        outputPrefix: 'RefinerOutput/',
        completePrefix: 'RefinerComplete/',
        outputPrefixes: ['RefinerOutput/', 'RefinerComplete/'],
        handler: 'hello-world',
        batchSize: 10,
        concurrency: 4,
        maxReceives: 5,
        timeoutSeconds: 900,
      },
    ]);
  });

  it('takes what is said', () => {
    const said = {
      name: 'Triage',
      input_prefix: 'in/triage/',
      output_prefix: 'out/triage/',
      complete_prefix: 'done/triage/',
      handler: './triage.ts',
      batch_size: 1,
      concurrency: 2,
      max_receives: 3,
      timeout: 60,
    };
    expect(parseRules([said], 'rules')[0]).toMatchObject({
      inputPrefix: 'in/triage/',
      completePrefix: 'done/triage/',
      handler: './triage.ts',
      batchSize: 1,
      concurrency: 2,
      maxReceives: 3,
      timeoutSeconds: 60,
    });
  });

  it.each<[unknown, RegExp]>([
    ['Refiner', /rules is not a list/],
    [['Refiner'], /rules\[0\] is not a rule/],
    [[{}], /rules\[0\].name/],
    [[{ name: 'a b' }], /rules\[0\].name/],
    [[{ name: 'a-' }], /rules\[0\].name/],
    [[{ name: 'a--b' }], /rules\[0\].name/],
    [[{ name: 'a'.repeat(33) }], /rules\[0\].name/],
    [[{ name: 'A', input_prefix: 'a*/' }], /"a\*\/" cannot be a prefix/],
    [[{ name: 'A', input_prefix: 'a$b/' }], /cannot be a prefix/],
    [[{ name: 'A', input_prefix: 'a//b/' }], /cannot be a prefix/],
    [[{ name: 'A', input_prefix: './a/' }], /cannot be a prefix/],
    [[{ name: 'A', prefix: 'x/' }], /unknown field "prefix"/],
    [[{ name: 'A', batch_size: 0 }], /rules\[0\].batch_size is not an integer from 1 to 1000/],
    [[{ name: 'A', batch_size: '10' }], /rules\[0\].batch_size/],
    [[{ name: 'A', concurrency: 1 }], /rules\[0\].concurrency is not an integer from 2/],
    [[{ name: 'A', timeout: 901 }], /rules\[0\].timeout is not an integer from 1 to 900/],
    [[{ name: 'A', input_prefix: '/A/' }], /"\/A\/" cannot be a prefix/],
    [[{ name: 'A', output_prefix: 'A' }], /"A" cannot be a prefix/],
    [[{ name: 'A', output_prefix: 'a/../b/' }], /cannot be a prefix/],
    [[{ name: 'A' }, { name: 'a', input_prefix: 'x/' }], /two rules are called A and a/],
    [[{ name: 'A' }, { name: 'B', input_prefix: 'AInput/b/' }], /both take what is below AInput\/b\//],
    [[{ name: 'A', output_prefix: 'AInput/out/' }], /writes to AInput\/out\//],
    [[{ name: 'A', input_prefix: 'x/in/', output_prefix: 'x/' }], /writes to x\//],
    [[{ name: 'A' }, { name: 'B', complete_prefix: 'AInput/' }], /rule B writes to AInput\//],
    [[{ name: 'A', complete_prefix: 'AOutput/' }], /where rule A puts its completions/],
    [[{ name: 'A' }, { name: 'B', complete_prefix: 'AComplete/' }], /completions/],
  ])('refuses %j', (value, message) => {
    expect(() => parseRules(value, 'rules')).toThrow(ConfigError);
    expect(() => parseRules(value, 'rules')).toThrow(message);
  });
});

describe('checkRules', () => {
  it('lets rules share a place to write to', () => {
    expect(() => checkRules([rule('a', 'a/', 'db/'), rule('b', 'b/', 'db/')])).not.toThrow();
  });
});

describe('ruleFor', () => {
  const rules = [rule('a', 'a/', 'out/'), rule('ab', 'ab/', 'out/')];
  it.each([
    ['a/x', 'a'],
    ['ab/x', 'ab'],
    ['a/', 'a'],
    ['out/x', undefined],
    ['b/a/x', undefined],
  ])('%s goes to %s', (key, name) => {
    expect(ruleFor(rules, key)?.name).toBe(name);
  });
});
