import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { templateYaml } from './template-yaml.ts';

const withValue = (value: unknown) => ({ Resources: { One: { Type: 'X', Properties: { value } } } });

describe('templateYaml', () => {
  test.each([
    ['Yes'],
    ['No'],
    ['2012-10-17'],
    ['0644'],
    ['*'],
    [':parameter'],
    ['?'],
    ['-'],
    [''],
    ['null'],
    ['a: b'],
    ['#'],
    ['if (a) {\n  b();\n}\n'],
    ['last line\n\n\n'],
    [' \tindented'],
    [true],
    [5432],
  ])('brings back %j, alone and in a list, as YAML 1.1', (value) => {
    for (const given of [value, [value], { Ref: value }]) {
      const template = withValue(given);
      expect(parse(templateYaml(template), { version: '1.1' })).toEqual(template);
    }
  });

  it('quotes what begins like syntax', () => {
    expect(templateYaml(withValue([':a', 'b', '(c)?']))).toContain('[":a", b, "(c)?"]');
  });

  it('has the sections in the order of the documentation, and knows no others', () => {
    const text = templateYaml({ Outputs: {}, Resources: {}, Description: 'x' });
    expect(text.split('\n').filter((line) => /^\w+:/.test(line))).toEqual([
      'Description: x',
      'Resources: {}',
      'Outputs: {}',
    ]);
    expect(() => templateYaml({ Resource: {} })).toThrow('no section Resource');
  });
});
