import type { Problem } from '../errors.ts';
import type { ParameterDeclaration, Template } from './model.ts';

/** What a parameter resolves to: list types are lists. */
export type ParameterValue = string | readonly string[];

/** CloudFormation's limit for one value. */
const MAX_VALUE_BYTES = 4096;

/** How ids of AWS-specific types look; CloudFormation looks for the thing itself, which an empty text never is. */
const AWS_TYPES: Readonly<Record<string, RegExp>> = {
  'AWS::EC2::AvailabilityZone::Name': /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/,
  'AWS::EC2::Image::Id': /^ami-[0-9a-f]{8,17}$/,
  'AWS::EC2::Instance::Id': /^i-[0-9a-f]{8,17}$/,
  'AWS::EC2::KeyPair::KeyName': /^.+$/,
  'AWS::EC2::SecurityGroup::GroupName': /^.+$/,
  'AWS::EC2::SecurityGroup::Id': /^sg-[0-9a-f]{8,17}$/,
  'AWS::EC2::Subnet::Id': /^subnet-[0-9a-f]{8,17}$/,
  'AWS::EC2::Volume::Id': /^vol-[0-9a-f]{8,17}$/,
  'AWS::EC2::VPC::Id': /^vpc-[0-9a-f]{8,17}$/,
  'AWS::Route53::HostedZone::Id': /^Z[A-Z0-9]+$/,
};

/**
 * The values of a template's parameters: those given, else the defaults, checked as CloudFormation checks them before
 * it makes anything (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
 * Lists are given comma-separated. The value of a NoEcho parameter is in no problem's text.
 */
export function resolveParameters(
  template: Template,
  given: Readonly<Record<string, string>>,
): { values: Record<string, ParameterValue>; problems: Problem[] } {
  const problems: Problem[] = [];
  const refuse = (name: string, message: string) => {
    const path = `Parameters/${name}`;
    problems.push({ kind: 'parameter', path, message, position: template.positions.get(path) });
  };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(template.parameters, name)) refuse(name, 'the template has no such parameter');
  }
  const values: Record<string, ParameterValue> = {};
  for (const [name, declaration] of Object.entries(template.parameters)) {
    const text = Object.hasOwn(given, name) ? given[name] : declaration.default;
    if (text === undefined) refuse(name, 'must have a value: it has no default');
    for (const fault of text === undefined ? [] : parameterFaults(declaration, text)) refuse(name, fault);
    values[name] = parameterValue(declaration, text ?? '');
  }
  return { values, problems };
}

/** Whether values of `type` are lists. */
export function isListType(type: string): boolean {
  return type === 'CommaDelimitedList' || type.startsWith('List<');
}

/** A parameter's text as its type has it; members of a list are trimmed, and an empty text is an empty list. */
function parameterValue({ type }: ParameterDeclaration, text: string): ParameterValue {
  if (!isListType(type)) return text;
  return text.trim() === '' ? [] : text.split(',').map((member) => member.trim());
}

/** What CloudFormation has against `text` as a value of the parameter; nothing when it takes it. */
export function parameterFaults(declaration: ParameterDeclaration, text: string): string[] {
  const { type, noEcho, constraintDescription } = declaration;
  const shown = noEcho ? 'the value' : JSON.stringify(text);
  const faults: string[] = [];
  const refuse = (what: string) =>
    faults.push(constraintDescription === undefined ? what : `${what}: ${constraintDescription}`);
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES) refuse(`${shown} is longer than ${MAX_VALUE_BYTES} bytes`);
  const list = isListType(type);
  const member = type.match(/^List<(.*)>$/)?.[1] ?? (list ? 'String' : type);
  const members = list ? (parameterValue(declaration, text) as readonly string[]) : [text];
  const knownType = member === 'String' || member === 'Number' || Object.hasOwn(AWS_TYPES, member);
  if (!knownType && !type.startsWith('AWS::SSM::Parameter::')) return [`${type} is no type of a parameter`];
  if (Object.hasOwn(AWS_TYPES, member) && members.length === 0) refuse(`an empty text is no ${type}`);
  const { allowedValues, allowedPattern, minLength, maxLength, minValue, maxValue } = declaration;
  const pattern = allowedPattern === undefined ? undefined : new RegExp(`^(?:${allowedPattern})$`, 's');
  for (const each of members) {
    const it = noEcho ? 'the value' : JSON.stringify(each);
    if (member === 'Number' && !(each.trim() !== '' && Number.isFinite(Number(each))))
      refuse(`${it} is no number`);
    if (Object.hasOwn(AWS_TYPES, member) && !AWS_TYPES[member].test(each)) refuse(`${it} is no ${member}`);
    if (allowedValues !== undefined && !allowedValues.includes(each)) {
      refuse(`${it} is none of ${allowedValues.join(', ')}`);
    }
    if (pattern !== undefined && !pattern.test(each)) refuse(`${it} does not match ${allowedPattern}`);
    if (minLength !== undefined && each.length < minLength) refuse(`${it} is shorter than ${minLength}`);
    if (maxLength !== undefined && each.length > maxLength) refuse(`${it} is longer than ${maxLength}`);
    if (minValue !== undefined && Number(each) < minValue) refuse(`${it} is less than ${minValue}`);
    if (maxValue !== undefined && Number(each) > maxValue) refuse(`${it} is more than ${maxValue}`);
  }
  return faults;
}
