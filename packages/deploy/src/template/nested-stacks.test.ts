import { describe, expect, it } from 'vitest';
import { problemText } from '../errors.ts';
import { evaluate, type StackInput } from './evaluate.ts';
import { parseTemplate } from './parse.ts';

const CHILDREN: Record<string, string> = {
  'common.yaml': `
Parameters: { Subnets: { Type: CommaDelimitedList } }
Resources: { Queue: { Type: AWS::SQS::Queue } }
Outputs:
  QueueArn: { Value: !GetAtt Queue.Arn, Export: { Name: !Sub "\${AWS::StackName}-QueueArn" } }
`,
  'services.yaml': `
Parameters: { Common: { Type: String }, Size: { Type: Number, Default: 1 } }
Resources:
  It: { Type: Custom::It, Properties: { Queue: !ImportValue { "Fn::Sub": "\${Common}-QueueArn" } } }
`,
};

function root(resources: string) {
  const nested: StackInput['nested'] = (url, input) => {
    const text = CHILDREN[url.replace('https://x/', '')];
    return text === undefined ? undefined : evaluate(parseTemplate(text), input);
  };
  return evaluate(parseTemplate(`Resources:\n${resources}`), { stackName: 'root', nested });
}

const COMMON =
  '  Common: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: "https://x/common.yaml", Parameters: { Subnets: "a,b" } } }\n';
const services = (parameters: string, rest = '') =>
  `  Services: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: "https://x/services.yaml", Parameters: { ${parameters} } } ${rest} }\n`;

describe('nested stacks', () => {
  it('get each other by exports and outputs', () => {
    const stack = root(
      `${COMMON + services('Common: !Select [1, !Split ["/", !Ref Common]]')}  It: { Type: Custom::It, Properties: { Arn: !GetAtt Common.Outputs.QueueArn } }\n`,
    );
    expect(stack.problems).toEqual([]);
    const arn = stack.resources.It.properties.Arn;
    expect(arn).toMatch(/^arn:aws:sqs:us-east-1:123456789012:root-Common-1A2B3C4D5E6F7-Queue-/);
    expect(stack.resources.Services.nested?.resources.It.properties.Queue).toBe(arn);
    expect(stack.resources.Common.nested?.parameters.Subnets).toEqual(['a', 'b']);
  });

  it.each<[string, string, RegExp]>([
    [
      'the id for the name',
      COMMON + services('Common: !Ref Common'),
      /no export named arn:aws:cloudformation/,
    ],
    ['no order', COMMON + services('Common: root-Common-1A2B3C4D5E6F7'), /no export named root-Common/],
    [
      'a parameter too many',
      COMMON.replace('Subnets', 'Nets: a, Subnets'),
      /Common\/Parameters\/Nets.*no such/,
    ],
    ['a parameter too few', COMMON.replace('Subnets: "a,b"', ''), /Subnets.*must have a value/],
    [
      'an output that is not there',
      `${COMMON}  It: { Type: Custom::It, Properties: { X: !GetAtt Common.Outputs.No } }`,
      /no output No/,
    ],
    [
      'a wrong value',
      COMMON + services('Common: !Select [1, !Split ["/", !Ref Common]], Size: x'),
      /"x" is no number/,
    ],
    ['another template', COMMON.replace('common.yaml', 'nothing.yaml'), /no template is known at/],
  ])('refused: %s', (_what, resources, expected) => {
    expect(root(resources).problems.map(problemText)).toContainEqual(expect.stringMatching(expected));
  });

  it('may take their order from DependsOn', () => {
    const name = 'Common: root-Common-1A2B3C4D5E6F7';
    expect(root(COMMON + services(name, ', DependsOn: Common')).problems).toEqual([]);
  });
});
