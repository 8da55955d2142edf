import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { TemplateError } from '../errors.ts';
import { parseTemplate } from './parse.ts';
import { readText } from './read.ts';

function problems(text: string): string[] {
  try {
    parseTemplate(text);
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.problems.map(({ path, message, position }) => `${path} ${position?.line}: ${message}`);
  }
}

describe('readText', () => {
  it.each<[string, unknown]>([
    ['!Ref X', { Ref: 'X' }],
    ['!GetAtt X.Y.Z', { 'Fn::GetAtt': ['X', 'Y.Z'] }],
    ['!GetAtt [X, Arn]', { 'Fn::GetAtt': ['X', 'Arn'] }],
    ['!Condition X', { Condition: 'X' }],
    [`!Sub "\${X}"`, { 'Fn::Sub': `\${X}` }],
    [
      '!Join [",", [!Ref X, !Select [0, !Split [a, b]]]]',
      { 'Fn::Join': [',', [{ Ref: 'X' }, { 'Fn::Select': [0, { 'Fn::Split': ['a', 'b'] }] }]] },
    ],
    ['!If\n- C\n- a: 1\n- !Ref AWS::NoValue', { 'Fn::If': ['C', { a: 1 }, { Ref: 'AWS::NoValue' }] }],
    ['Fn::Sub: x', { 'Fn::Sub': 'x' }],
    ['2010-09-09', '2010-09-09'],
    ['[Yes, no, "No", on, 010, 1_000]', [true, false, 'No', true, 8, 1000]],
    ['|\n  a\n  b\n', 'a\nb\n'],
    ['{"a": ["b", 1, true],\n\t"c": "\\u00e9"}', { a: ['b', 1, true], c: 'é' }],
  ])('%s', (text, expected) => {
    const { value, problems: found } = readText(text);
    expect(found).toEqual([]);
    expect(value).toEqual(expected);
  });

  it('reads back what it was given, as YAML and as JSON', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), tie('list'), tie('map')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      map: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__' && key !== '<<'),
        tie('any'),
        { maxKeys: 4 },
      ),
    })).any;
    fc.assert(
      fc.property(value, (original) => {
        for (const text of [
          JSON.stringify(original),
          stringify(original, { version: '1.1', aliasDuplicateObjects: false }),
        ]) {
          const { value: read, problems: found } = readText(text);
          expect(found).toEqual([]);
          expect(read).toEqual(original);
        }
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .array(
              fc.constantFrom(
                '!Ref ',
                '!Sub',
                '{',
                '}',
                '[',
                ']',
                ': ',
                '\n',
                '- ',
                '&a ',
                '*a',
                'x',
                '"',
                '  ',
              ),
            )
            .map((parts) => parts.join('')),
        ),
        (text) => {
          readText(text);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('parseTemplate', () => {
  it('gives sections as plain data', () => {
    const template = parseTemplate(`
AWSTemplateFormatVersion: 2010-09-09
Description: a queue
Parameters:
  Name: { Type: String, Default: 7, NoEcho: true, MinLength: 1, AllowedValues: [7, true] }
Conditions: { Always: !Equals [a, a] }
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: Always
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: { QueueName: !Ref Name }
  Other: { Type: AWS::SQS::Queue, DependsOn: Queue }
Outputs:
  Url: { Value: !Ref Queue, Export: { Name: url }, Condition: Always }
`);
    expect(template).toMatchObject({
      description: 'a queue',
      parameters: {
        Name: { type: 'String', default: '7', noEcho: true, minLength: 1, allowedValues: ['7', 'true'] },
      },
      conditions: { Always: { 'Fn::Equals': ['a', 'a'] } },
      resources: {
        Queue: {
          condition: 'Always',
          deletionPolicy: 'Retain',
          properties: { QueueName: { Ref: 'Name' } },
          dependsOn: [],
        },
        Other: { dependsOn: ['Queue'], properties: {} },
      },
      outputs: { Url: { value: { Ref: 'Queue' }, exportName: 'url', condition: 'Always' } },
    });
    expect(template.positions.get('Resources/Queue/Properties/QueueName')).toEqual({ line: 13, column: 35 });
  });

  it.each<[string, string]>([
    ['Resources: {}', 'Resources 1: at least one resource must be there'],
    ['a', ' 1: must be a mapping'],
    ['Resources:\n  Q: { Type: X::Y::Z, Name: a }', 'Resources/Q/Name 2: a resource has no such attribute'],
    ['Resources:\n  Q: { Properties: {} }', 'Resources/Q 2: a resource has a Type'],
    [
      'Resources:\n  Q-1: { Type: X::Y::Z }',
      'Resources/Q-1 2: a logical id is letters and digits, 255 at most',
    ],
    ['Resource:\n  Q: { Type: X::Y::Z }', 'Resource 2: a template has no such section'],
    ['Resources:\n  Q: &a { Type: X::Y::Z }\n  R: *a', 'Resources/R 3: CloudFormation takes no aliases'],
    [
      'Resources:\n  Q:\n    Type: X::Y::Z\n    Properties:\n      <<: { a: b }',
      'Resources/Q/Properties 5: CloudFormation takes no merges of mappings (<<)',
    ],
    [
      'Resources:\n  Q: { Type: X::Y::Z, Properties: }',
      'Resources/Q/Properties 2: null values are not allowed in templates',
    ],
    [
      'Resources:\n  Q: { Type: X::Y::Z, Properties: { A: !Reff B } }',
      'Resources/Q/Properties/A 2: !Reff is no function of CloudFormation',
    ],
    ['Resources:\n  Q: { Type: X::Y::Z }\n  Q: { Type: X::Y::Z }', ' 3: Map keys must be unique'],
    [
      'Resources:\n  Q: { Type: X::Y::Z }\nTransform: AWS::Serverless',
      'Transform 3: macros are not understood here',
    ],
    [
      'Parameters:\n  P: { Type: String, AllowedPattern: "(" }\nResources:\n  Q: { Type: X::Y::Z }',
      'Parameters/P/AllowedPattern 2: ( is no regular expression',
    ],
    [
      'Parameters:\n  P: { Type: Number, MinValue: x }\nResources:\n  Q: { Type: X::Y::Z }',
      'Parameters/P/MinValue 2: x is no number',
    ],
    [
      'Rules:\n  R: { RuleCondition: a }\nResources:\n  Q: { Type: X::Y::Z }',
      'Rules/R 2: a rule has Assertions',
    ],
    [
      'Resources:\n  Q: { Type: X::Y::Z }\nOutputs:\n  O: { Export: {} }',
      'Outputs/O 4: an output has a Value',
    ],
  ])('%j is refused', (text, expected) => {
    expect(problems(text)).toContain(expected);
  });

  it('names every fault at once', () => {
    expect(problems('Resources:\n  A: { Typ: X }\n  B: { Type: X::Y::Z, Depends: A }')).toHaveLength(3);
  });
});
