import type { ResourceChange } from '@lakewright/core';
import type { EvaluatedStack } from '../template/evaluate.ts';

/** What happens to one resource. */
export interface ChangeLine {
  readonly verb: 'add' | 'change' | 'may replace' | 'replace' | 'remove' | 'import';
  readonly logicalId: string;
  readonly type: string;
  /** `DesiredCount: 1 -> 2`, for what changes. */
  readonly properties: readonly string[];
  /** Whether what is in it would be lost to those who use it. */
  readonly losesData: boolean;
}

/** Resources that hold what cannot be made anew from a template. */
const DATA = new Set([
  'AWS::DynamoDB::Table',
  'AWS::EFS::FileSystem',
  'AWS::KMS::Key',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
  'AWS::SQS::Queue',
]);

/** A value of a property is shown up to so many letters. */
const SHOWN_LETTERS = 60;

export function holdsData(type: string): boolean {
  return DATA.has(type);
}

/** A change set as lines, the gravest first. */
export function linesOf(changes: readonly ResourceChange[]): ChangeLine[] {
  return changes.map(lineOf).sort((a, b) => gravity(b) - gravity(a));
}

/** What is made where there is nothing, stacks inside it included: `CommonStack/Bucket`. */
export function linesOfNew(resources: EvaluatedStack['resources'], inside = ''): ChangeLine[] {
  return Object.entries(resources).flatMap(([id, { type, nested }]): ChangeLine[] => {
    const logicalId = `${inside}${id}`;
    return [
      { verb: 'add', logicalId, type, properties: [], losesData: false },
      ...(nested === undefined ? [] : linesOfNew(nested.resources, `${logicalId}/`)),
    ];
  });
}

function lineOf(change: ResourceChange): ChangeLine {
  const { logicalId, type } = change;
  const verb = verbOf(change);
  return {
    verb,
    logicalId,
    type,
    properties: change.properties.map(({ path, before, after, recreation }) => {
      const name = path.replace(/^Properties\./, '');
      const values =
        before === undefined && after === undefined ? '' : `: ${short(before)} -> ${short(after)}`;
      return `${name}${values}${recreation === 'Always' ? ' (makes it anew)' : ''}`;
    }),
    losesData: ['replace', 'may replace', 'remove'].includes(verb) && holdsData(type),
  };
}

function verbOf({ action, replacement }: ResourceChange): ChangeLine['verb'] {
  switch (action) {
    case 'Add':
      return 'add';
    case 'Remove':
      return 'remove';
    case 'Import':
      return 'import';
    case 'Dynamic':
      return 'may replace';
    default:
      if (replacement === 'True') return 'replace';
      return replacement === 'Conditional' ? 'may replace' : 'change';
  }
}

function short(value: string | undefined): string {
  if (value === undefined) return '(nothing)';
  return value.length > SHOWN_LETTERS ? `${value.slice(0, SHOWN_LETTERS)}...` : value;
}

/** How grave a change is beside another. */
export function gravity({ verb, losesData }: ChangeLine): number {
  const order = ['import', 'add', 'change', 'may replace', 'replace', 'remove'];
  return order.indexOf(verb) + (losesData ? order.length : 0);
}
