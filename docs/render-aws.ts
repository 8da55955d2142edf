import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The templates in the order in which they are deployed; the root holds the others. */
const TEMPLATES = [
  'lakerunner-vpc',
  'lakerunner-common',
  'lakerunner-ecs-setup',
  'lakerunner-ecs-services',
  'lakerunner-grafana-service',
  'lakerunner-otel-collector',
  'lakerunner-demo-apps',
  'lakerunner-root',
];

interface Parameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly Description?: string;
}

interface Output {
  readonly Description?: string;
  readonly Export?: { readonly Name: { readonly 'Fn::Sub': string } };
}

interface Template {
  readonly Description: string;
  readonly Parameters?: Readonly<Record<string, Parameter>>;
  readonly Outputs?: Readonly<Record<string, Output>>;
}

/** docs/aws/reference.md, from the templates as they are deployed. */
export function renderAwsReference(): string {
  return [
    '# Parameters and outputs',
    '',
    'Rebuilt by `npm run docs` from `generated-templates/`. A parameter without a default must be given. An export is read by',
    'other stacks under its name, with the name of the stack and a hyphen before it.',
    '',
    ...TEMPLATES.flatMap(renderTemplate),
  ].join('\n');
}

function renderTemplate(name: string): string[] {
  const url = new URL(`../generated-templates/${name}.yaml`, import.meta.url);
  const template = parse(readFileSync(url, 'utf8'), { version: '1.1' }) as Template;
  const parameters = Object.entries(template.Parameters ?? {});
  const outputs = Object.entries(template.Outputs ?? {});
  return [
    `## ${name}`,
    '',
    template.Description,
    '',
    ...table(['parameter', 'type', 'default', 'what it says'], parameters.map(parameterRow)),
    ...table(['output', 'export', 'what it is'], outputs.map(outputRow)),
  ];
}

function parameterRow([name, { Type, Default, AllowedValues, Description = '' }]: [
  string,
  Parameter,
]): string[] {
  const values =
    AllowedValues === undefined ? '' : ` One of ${AllowedValues.map((value) => code(value)).join(', ')}.`;
  return [code(name), Type, defaultText(Default), Description + values];
}

function defaultText(value: string | number | undefined): string {
  if (value === undefined) return '';
  return value === '' ? 'empty' : code(value);
}

function outputRow([name, { Description = '', Export }]: [string, Output]): string[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own substitution.
  const exported = Export?.Name['Fn::Sub'].replace('${AWS::StackName}-', '');
  return [code(name), exported === undefined ? '' : code(exported), Description];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line), ''];
}

function code(value: string | number): string {
  return `\`${value}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./aws/reference.md', import.meta.url), renderAwsReference());
}
