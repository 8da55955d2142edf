import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { blocks } from './network.ts';
import { parseTemplate } from './parse.ts';

/** What an expression, given as plain data, comes to. */
function evaluated(
  value: unknown,
  parameters: Record<string, unknown> = {},
  given: Record<string, string> = {},
) {
  const text = JSON.stringify({
    Parameters: parameters,
    Resources: { It: { Type: 'Custom::It', Properties: { Value: value } } },
  });
  const { resources, problems } = evaluate(parseTemplate(text), { stackName: 'test', parameters: given });
  return { value: resources.It.properties.Value, problems };
}

/** Texts of what stands in templates. */
const words = fc.stringMatching(/^[A-Za-z0-9:/._${}! -]{0,12}$/);

describe('functions of any text', () => {
  it('Split undoes Join, and Select finds each part', () => {
    const delimiters = fc.constantFrom(',', '|', '#', '~~');
    fc.assert(
      fc.property(delimiters, fc.array(words, { minLength: 1, maxLength: 6 }), (delimiter, parts) => {
        const split = { 'Fn::Split': [delimiter, { 'Fn::Join': [delimiter, parts] }] };
        expect(evaluated(split)).toEqual({ value: parts, problems: [] });
        for (const [index, part] of parts.entries()) {
          expect(evaluated({ 'Fn::Select': [index, split] }).value).toBe(part);
        }
        expect(evaluated({ 'Fn::Select': [parts.length, split] }).problems).toHaveLength(1);
      }),
    );
  });

  it('Sub puts a parameter in as it is: nothing in it is looked at again', () => {
    fc.assert(
      fc.property(words, (text) => {
        const sub = { 'Fn::Sub': ['<\u0024{Own}|\u0024{P}|\u0024{!P}>', { Own: text }] };
        const { value, problems } = evaluated(sub, { P: { Type: 'String' } }, { P: text });
        expect({ value, problems }).toEqual({ value: `<${text}|${text}|\${P}>`, problems: [] });
      }),
    );
  });

  it('a list comes as it is given, but for spaces around its members', () => {
    const member = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), (list) => {
        const { value } = evaluated(
          { Ref: 'P' },
          { P: { Type: 'CommaDelimitedList' } },
          { P: list.join(' , ') },
        );
        expect(value).toEqual(list);
      }),
    );
  });

  it('Cidr cuts a block into parts within it that have nothing in common', () => {
    const number = (cidr: string) =>
      cidr
        .split('/')[0]
        .split('.')
        .reduce((sum, byte) => sum * 256 + Number(byte), 0);
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.integer({ min: 8, max: 28 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 40 }),
        (address, prefix, bits, count) => {
          const found = blocks(`${address}/${prefix}`, count, bits);
          if (typeof found === 'string') {
            expect(count * 2 ** bits).toBeGreaterThan(2 ** (32 - prefix));
            return;
          }
          const start = Math.floor(number(address) / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
          expect(found.map(number)).toEqual(found.map((_, index) => start + index * 2 ** bits));
          expect(number(found[found.length - 1]) + 2 ** bits).toBeLessThanOrEqual(start + 2 ** (32 - prefix));
        },
      ),
    );
  });

  it('nothing that stands in a template makes it throw', () => {
    const names = fc.constantFrom(
      'Ref',
      'Fn::Sub',
      'Fn::Join',
      'Fn::Split',
      'Fn::Select',
      'Fn::If',
      'Fn::GetAtt',
      'Fn::ImportValue',
      'Fn::Cidr',
      'Fn::GetAZs',
      'Fn::FindInMap',
      'Fn::Base64',
      'Fn::Equals',
      'Condition',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        words,
        fc.integer(),
        fc.constantFrom('It', 'P', 'AWS::NoValue', ''),
        tie('list'),
        tie('call'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      call: fc.tuple(names, tie('any')).map(([name, argument]) => ({ [name]: argument })),
    })).any;
    fc.assert(
      fc.property(value, (expression) => {
        const { problems } = evaluated(expression, { P: { Type: 'String', Default: '' } });
        expect(problems.every(({ path }) => path.startsWith('Resources/It'))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
