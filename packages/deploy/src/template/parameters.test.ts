import { describe, expect, it } from 'vitest';
import { resolveParameters } from './parameters.ts';
import { parseTemplate } from './parse.ts';

function faults(declaration: string, given?: string): string[] {
  const template = parseTemplate(
    `Parameters: { P: ${declaration} }\nResources: { It: { Type: AWS::SQS::Queue } }`,
  );
  return resolveParameters(template, given === undefined ? {} : { P: given }).problems.map((p) => p.message);
}

describe('parameters', () => {
  it.each<[string, string | undefined]>([
    ['{ Type: String, Default: "" }', undefined],
    ['{ Type: String, AllowedValues: ["Yes", "No"] }', 'No'],
    ['{ Type: String, AllowedPattern: "a+" }', 'aaa'],
    ['{ Type: Number, MinValue: 1, MaxValue: 3 }', '3'],
    ['{ Type: List<Number> }', '1, 2'],
    ['{ Type: CommaDelimitedList, AllowedPattern: "[a-c]" }', 'a,b , c'],
    ['{ Type: CommaDelimitedList, Default: "" }', undefined],
    ['{ Type: AWS::EC2::VPC::Id }', 'vpc-0123456789abcdef0'],
    ['{ Type: List<AWS::EC2::Subnet::Id> }', 'subnet-01234567,subnet-0123456789abcdef0'],
    ['{ Type: "AWS::SSM::Parameter::Value<String>" }', '/a/b'],
  ])('%s takes %j', (declaration, given) => {
    expect(faults(declaration, given)).toEqual([]);
  });

  it.each<[string, string | undefined, RegExp]>([
    ['{ Type: String }', undefined, /must have a value/],
    ['{ Type: String, AllowedValues: ["Yes", "No"] }', 'yes', /"yes" is none of Yes, No/],
    ['{ Type: String, AllowedValues: [a], Default: b }', undefined, /"b" is none of a/],
    [
      '{ Type: String, AllowedPattern: "a+", ConstraintDescription: some a }',
      'aab',
      /does not match a\+: some a/,
    ],
    ['{ Type: String, MinLength: 2 }', 'a', /shorter than 2/],
    ['{ Type: String, MaxLength: 2 }', 'abc', /longer than 2/],
    ['{ Type: Number }', 'x', /"x" is no number/],
    ['{ Type: Number }', '', /"" is no number/],
    ['{ Type: Number, MaxValue: 3 }', '4', /more than 3/],
    ['{ Type: CommaDelimitedList, AllowedValues: [a, b] }', 'a,c', /"c" is none of/],
    ['{ Type: AWS::EC2::VPC::Id }', '', /"" is no AWS::EC2::VPC::Id/],
    ['{ Type: List<AWS::EC2::Subnet::Id> }', '', /an empty text is no List/],
    ['{ Type: List<AWS::EC2::Subnet::Id> }', 'vpc-0123456789abcdef0', /is no AWS::EC2::Subnet::Id/],
    ['{ Type: Text }', 'a', /no type of a parameter/],
    ['{ Type: String }', 'a'.repeat(4097), /longer than 4096 bytes/],
  ])('%s refuses %j', (declaration, given, expected) => {
    expect(faults(declaration, given)).toEqual([expect.stringMatching(expected)]);
  });

  it('that are nowhere declared are refused', () => {
    const template = parseTemplate('Resources: { It: { Type: AWS::SQS::Queue } }');
    expect(resolveParameters(template, { Other: 'x' }).problems).toEqual([
      {
        kind: 'parameter',
        path: 'Parameters/Other',
        message: 'the template has no such parameter',
        position: undefined,
      },
    ]);
  });

  it('with NoEcho are in no text', () => {
    const [fault] = faults('{ Type: String, NoEcho: true, AllowedPattern: "[a-z]+" }', 'S3CRET');
    expect(fault).toMatch(/^the value does not match/);
    expect(fault).not.toContain('S3CRET');
  });
});
