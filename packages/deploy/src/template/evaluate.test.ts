import { describe, expect, it } from 'vitest';
import { problemText } from '../errors.ts';
import { evaluate, type StackInput } from './evaluate.ts';
import { parseTemplate } from './parse.ts';

/** A template with one resource, whose property `Value` is the expression. */
const withValue = (value: string, rest = '') =>
  `${rest}\nResources:\n  It: { Type: Custom::It, Properties: { Value: ${value} } }\n`;

const PARAMETERS = `
Parameters:
  Text: { Type: String, Default: one }
  Many: { Type: CommaDelimitedList, Default: "a, b,c" }
  None: { Type: CommaDelimitedList, Default: "" }
Conditions:
  Always: !Equals [!Ref Text, one]
  Never: !Not [{ Condition: Always }]
Mappings:
  Map: { first: { second: found } }
`;

const OTHERS = `
  Bucket: { Type: AWS::S3::Bucket }
  Queue: { Type: AWS::SQS::Queue }
  Network: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.1.0.0/16 } }
  Absent: { Type: AWS::SQS::Queue, Condition: Never }
`;

function run(text: string, input: Partial<StackInput> = {}) {
  return evaluate(parseTemplate(text), { stackName: 'test', ...input });
}

function resultOf(expression: string, input: Partial<StackInput> = {}) {
  const stack = run(withValue(expression, PARAMETERS) + OTHERS, input);
  return { value: stack.resources.It.properties.Value, problems: stack.problems.map(problemText) };
}

describe('functions', () => {
  it.each<[string, unknown]>([
    ['plain', 'plain'],
    ['!Ref Text', 'one'],
    ['!Ref Many', ['a', 'b', 'c']],
    ['!Ref None', []],
    ['!Ref AWS::Region', 'us-east-1'],
    ['!Ref AWS::StackName', 'test'],
    ['!Ref AWS::AccountId', '123456789012'],
    ['!GetAtt Network.CidrBlock', '10.1.0.0/16'],
    ['{ "Fn::GetAtt": [Network, !Sub "CidrBlock"] }', '10.1.0.0/16'],
    [`!Sub "a-\${Text}-\${AWS::Region}-\${!Text}"`, `a-one-us-east-1-\${Text}`],
    [`!Sub ["\${Own}-\${Text}", { Own: !Select [1, !Ref Many] }]`, 'b-one'],
    [`!Sub "\${Network.CidrBlock}"`, '10.1.0.0/16'],
    ['!Join ["-", [a, !Ref Text, 3]]', 'a-one-3'],
    ['!Join [",", !Ref Many]', 'a,b,c'],
    ['!Join [",", !Ref None]', ''],
    ['!Join [",", [a, !Ref AWS::NoValue, b]]', 'a,b'],
    ['!Split ["/", a/b/]', ['a', 'b', '']],
    ['!Select ["2", !Split ["/", a/b/c]]', 'c'],
    ['!Select [0, !GetAZs ""]', 'us-east-1a'],
    ['!Select [1, !GetAZs eu-west-1]', 'eu-west-1b'],
    ['!If [Always, yes it is, !Ref Nowhere]', 'yes it is'],
    ['!If [Never, !GetAtt Absent.Arn, other]', 'other'],
    ['[a, !If [Never, b, !Ref AWS::NoValue], c]', ['a', 'c']],
    ['{ a: 1, b: !Ref AWS::NoValue }', { a: 1 }],
    ['!FindInMap [Map, first, second]', 'found'],
    ['!Base64 hello', 'aGVsbG8='],
    ['!Cidr [10.1.0.0/16, 2, 8]', ['10.1.0.0/24', '10.1.1.0/24']],
    ['!Select [3, !Cidr [!GetAtt Network.CidrBlock, 4, "8"]]', '10.1.3.0/24'],
    ['!ImportValue other-Thing', 'thing'],
    [`!ImportValue { "Fn::Sub": "\${Text}-Thing" }`, 'one thing'],
    [
      '"{{resolve:secretsmanager:x:SecretString:password}}"',
      '{{resolve:secretsmanager:x:SecretString:password}}',
    ],
    [
      '{ Statement: [{ Condition: { Bool: { a: b } } }] }',
      { Statement: [{ Condition: { Bool: { a: 'b' } } }] },
    ],
  ])('%s', (expression, expected) => {
    const imports = new Map([
      ['other-Thing', 'thing'],
      ['one-Thing', 'one thing'],
    ]);
    expect(resultOf(expression, { imports })).toEqual({ value: expected, problems: [] });
  });

  it.each<[string, RegExp]>([
    ['!Ref Bucket', /^test-bucket-[0-9a-f]{12}$/],
    ['!GetAtt Bucket.Arn', /^arn:aws:s3:::test-bucket-/],
    ['!Ref Queue', /^https:\/\/sqs\.us-east-1\.amazonaws\.com\/123456789012\/test-Queue-/],
    ['!GetAtt Queue.Arn', /^arn:aws:sqs:us-east-1:123456789012:test-Queue-/],
    ['!Ref Network', /^vpc-[0-9a-f]{17}$/],
    ['!Ref AWS::StackId', /^arn:aws:cloudformation:us-east-1:123456789012:stack\/test\/[0-9a-f-]{36}$/],
  ])('stand-ins show their kind: %s', (expression, expected) => {
    const { value, problems } = resultOf(expression);
    expect(problems).toEqual([]);
    expect(value).toMatch(expected);
  });

  it.each<[string, RegExp]>([
    ['!Ref Nowhere', /no parameter or resource Nowhere/],
    ['!Ref Absent', /Absent, which is not made under these parameters/],
    ['!GetAtt Absent.Arn', /Absent, which is not made/],
    ['!GetAtt Bucket.Size', /AWS::S3::Bucket has no attribute Size/],
    ['!GetAtt Text.Arn', /no resource Text/],
    ['!Ref AWS::Nothing', /no pseudo parameter/],
    ['!Select [3, !Ref Many]', /nonexistent value at index 3 of 3/],
    ['!Select [0, !Ref None]', /nonexistent value at index 0 of 0/],
    ['!Select [-1, !Ref Many]', /-1 is no index/],
    ['!Select [0, !Ref Text]', /selects from a list/],
    ['!Join [",", !Ref Text]', /takes a delimiter and a list/],
    ['!Join [",", [!Ref Many]]', /joins texts alone/],
    ['!Split ["", abc]', /delimiter, which is not empty/],
    [`!Sub "\${Many}"`, /\$\{Many\} is no text/],
    [`!Sub ["\${X}", { X: !Ref AWS::NoValue }]`, /\$\{X\} is no text/],
    [`!Sub "\${ Text }"`, /\$\{ Text \} is no name/],
    ['!If [Nothing, a, b]', /no condition is called Nothing/],
    ['!If [Always, a]', /a condition and two values/],
    ['!ImportValue nobody-Thing', /no export named nobody-Thing/],
    [
      `!ImportValue { "Fn::Sub": "\${Bucket}-Thing" }`,
      /refers to the resource Bucket: an import is known before/,
    ],
    ['!FindInMap [Map, first, third]', /no Map\/first\/third/],
    ['!Cidr [10.0.0.0/24, 4, 8]', /no room for 4 blocks/],
    ['!Cidr [300.0.0.0/24, 1, 8]', /no IPv4 block/],
    ['!Equals [a, b]', /may not stand here/],
    ['{ "Fn::Length": [1] }', /needs a transform/],
    ['{ "Fn::Made": 1 }', /no function of CloudFormation/],
    ['{ Ref: Text, Other: 1 }', /Ref stands beside other keys/],
  ])('refused: %s', (expression, expected) => {
    const { problems } = resultOf(expression);
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems[0]).toMatch(/^Resources\/It\/Properties\/Value.* \(line \d+, column \d+\)/);
  });

  it('fail once, where the fault is, not where its value goes', () => {
    const { value, problems } = resultOf('!Join ["-", [!Select [9, !Split ["/", !Ref Nowhere]], b]]');
    expect(problems).toEqual([expect.stringMatching(/Fn::Join\/1\/0\/Fn::Select\/1\/Fn::Split\/1\/Ref/)]);
    expect(value).toBe('<unresolved>');
  });
});

describe('conditions', () => {
  const conditions = (text: string, parameters: Record<string, string> = {}) =>
    run(
      `Parameters:\n  A: { Type: String, Default: x }\n  L: { Type: CommaDelimitedList, Default: "" }\nConditions:\n${text}\nResources: { It: { Type: AWS::SQS::Queue } }`,
      { parameters },
    );

  it.each<[string, boolean]>([
    ['!Equals [!Ref A, x]', true],
    ['!Equals [!Ref A, y]', false],
    ['!Equals [true, "true"]', true],
    ['!Not [!Equals [!Join ["", !Ref L], ""]]', false],
    ['!And [!Equals [a, a], !Equals [b, b]]', true],
    ['!And [!Equals [a, a], !Equals [b, c]]', false],
    ['!Or [!Equals [a, b], !Equals [b, b]]', true],
    ['!Equals [!Select [1, !Split [m, !Join ["", [!Ref A, m]]]], ""]', true],
  ])('%s is %s', (text, expected) => {
    const { conditions: found, problems } = conditions(`  It: ${text}`);
    expect(problems).toEqual([]);
    expect(found).toEqual({ It: expected });
  });

  it.each<[string, RegExp]>([
    ['  It: !Equals [a]', /takes two values/],
    ['  It: !And [!Equals [a, a]]', /2 to 10 conditions/],
    ['  It: !Ref A', /is no condition/],
    ['  It: !Not [{ Condition: It }]', /refers to itself/],
    ['  It: !Equals [!Ref It, a]', /refers to the resource It: a condition is judged before/],
    ['  It: !Equals [!GetAtt It.Arn, a]', /may not stand here/],
    ['  It: !Not [!Ref A]', /negates a condition/],
  ])('refused: %s', (text, expected) => {
    expect(conditions(text).problems.map(problemText)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('rules', () => {
  const rule = (assertion: string, parameters: Record<string, string> = {}, condition = '') =>
    run(
      `Parameters:\n  Create: { Type: String, Default: "Yes" }\n  Existing: { Type: String, Default: "" }\n  L: { Type: CommaDelimitedList, Default: "a,b" }\nRules:\n  It:\n${condition}    Assertions: [{ Assert: ${assertion}, AssertDescription: give one }]\nResources: { It: { Type: AWS::SQS::Queue } }`,
      { parameters },
    ).problems.map(({ kind, message }) => `${kind}: ${message}`);

  it.each<[string, Record<string, string>, string[]]>([
    ['!Not [!Equals [!Ref Existing, ""]]', { Existing: 'x' }, []],
    ['!Not [!Equals [!Ref Existing, ""]]', {}, ['rule: give one']],
    ['!Contains [["", x], !Ref Existing]', { Existing: 'y' }, ['rule: give one']],
    ['!EachMemberIn [!Ref L, [a, b, c]]', {}, []],
    ['!EachMemberIn [!Ref L, [a]]', {}, ['rule: give one']],
    ['!EachMemberEquals [!Ref L, a]', { L: 'a,a' }, []],
    ['!Equals [!Select [0, !Ref L], a]', {}, ['evaluation: Fn::Select may not stand here']],
    [
      '!Equals [!Ref It, a]',
      {},
      ['evaluation: refers to the resource It: a rule is judged before there are resources'],
    ],
  ])('%s with %j', (assertion, parameters, expected) => {
    expect(rule(assertion, parameters)).toEqual(expected);
  });

  it('ask of what parameters name, where there is somebody to ask', () => {
    const text = `
Parameters: { V: { Type: AWS::EC2::VPC::Id }, S: { Type: List<AWS::EC2::Subnet::Id> } }
Rules:
  It:
    Assertions:
      - Assert: !EachMemberIn [!ValueOfAll [AWS::EC2::Subnet::Id, VpcId], !RefAll AWS::EC2::VPC::Id]
        AssertDescription: subnets of the VPC
      - Assert: !EachMemberEquals [!ValueOf [S, VpcId], !Ref V]
        AssertDescription: the same
Resources: { It: { Type: AWS::SQS::Queue } }`;
    const parameters = { V: 'vpc-00000001', S: 'subnet-00000001,subnet-00000002' };
    const rules = (detailOf?: StackInput['detailOf']) =>
      run(text, { parameters, detailOf }).problems.map(({ message }) => message);
    expect(rules()).toEqual([]);
    expect(rules(() => 'vpc-00000001')).toEqual([]);
    expect(rules((subnet) => (subnet === 'subnet-00000002' ? 'vpc-2' : 'vpc-00000001'))).toEqual([
      'subnets of the VPC',
      'the same',
    ]);
  });

  it('count only under their condition', () => {
    const condition = '    RuleCondition: !Equals [!Ref Create, "No"]\n';
    const assertion = '!Not [!Equals [!Ref Existing, ""]]';
    expect(rule(assertion, {}, condition)).toEqual([]);
    expect(rule(assertion, { Create: 'No' }, condition)).toEqual(['rule: give one']);
  });
});

describe('resources', () => {
  it('whose condition does not hold are not there; DependsOn on them is ignored', () => {
    const stack = run(`${PARAMETERS}
Resources:
  Absent: { Type: AWS::SQS::Queue, Condition: Never }
  It: { Type: AWS::SQS::Queue, DependsOn: Absent }
`);
    expect(Object.keys(stack.resources)).toEqual(['It']);
    expect(stack.problems).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['  It: { Type: AWS::SQS::Queue, DependsOn: Nowhere }', /no resource Nowhere/],
    ['  It: { Type: AWS::SQS::Queue, DependsOn: [It] }', /depends on itself/],
    [
      '  It: { Type: AWS::SQS::Queue, Condition: Nothing }\n  X: { Type: Custom::X }',
      /no condition is called Nothing/,
    ],
    [
      '  A: { Type: Custom::A, DependsOn: B }\n  B: { Type: Custom::B, Properties: { X: !Ref A } }',
      /circular dependency: (A, B, A|B, A, B)/,
    ],
    ['  A: { Type: AWS::Made::Up }\n  B: { Type: Custom::B, Properties: { X: !Ref A } }', /not known here/],
  ])('refused: %s', (resources, expected) => {
    const { problems } = run(`Resources:\n${resources}\n`);
    expect(problems.map(problemText)).toContainEqual(expect.stringMatching(expected));
  });

  it('know what is there before them', () => {
    const { resources } = run(`
Resources:
  A: { Type: AWS::SQS::Queue }
  B: { Type: AWS::SQS::Queue, DependsOn: A }
  C: { Type: Custom::C, Properties: { X: !Sub "\${A.Arn}", Y: [!Ref B] } }
`);
    expect(resources.C.after).toEqual(['A', 'B']);
    expect(resources.B.dependsOn).toEqual(['A']);
  });
});

describe('outputs', () => {
  const outputs = (text: string) =>
    run(
      `Parameters: { P: { Type: String, Default: "" }, L: { Type: CommaDelimitedList, Default: "" } }\nConditions: { Never: !Not [!Equals [a, a]] }\nResources: { It: { Type: AWS::SQS::Queue } }\nOutputs:\n${text}`,
    );

  it('are exported by name, unless their condition does not hold', () => {
    const stack = outputs(
      `  A: { Value: a, Export: { Name: !Sub "\${AWS::StackName}-A" } }\n  B: { Value: !Ref Nowhere, Condition: Never, Export: { Name: b } }\n  C: { Value: "" }`,
    );
    expect(stack.problems).toEqual([]);
    expect(stack.exports).toEqual(new Map([['test-A', 'a']]));
    expect(stack.outputs.C).toEqual({ value: '', exportName: undefined });
  });

  it.each<[string, RegExp]>([
    ['  A: { Value: !Ref P, Export: { Name: a } }', /the export a is empty/],
    ['  A: { Value: !Join [",", !Ref L], Export: { Name: a } }', /the export a is empty/],
    ['  A: { Value: " ", Export: { Name: a } }', /the export a is empty/],
    ['  A: { Value: !Ref L }', /must be a text/],
    ['  A: { Value: a, Export: { Name: !Ref It } }', /the name of an export is known before/],
    ['  A: { Value: a, Export: { Name: a } }\n  B: { Value: b, Export: { Name: a } }', /a is exported twice/],
  ])('refused: %s', (text, expected) => {
    expect(outputs(text).problems.map(problemText)).toEqual([expect.stringMatching(expected)]);
  });
});
