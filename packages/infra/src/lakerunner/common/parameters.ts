import type { CfnParameter } from 'aws-cdk-lib/core';
import type { ParameterOptions, TemplateStack } from '../../template-stack.ts';

/** Parameters that the root template hands on as they are. */
export const SETTINGS = {
  ApiKeysOverride: {
    label: 'API keys',
    type: 'String',
    default: '',
    noEcho: true,
    description: 'YAML list of organization_id and keys, instead of a generated key.',
  },
  StorageProfilesOverride: {
    label: 'Storage profiles',
    type: 'String',
    default: '',
    description: 'YAML list of storage profiles, instead of the one of the bucket above.',
  },
  DbInstanceClass: {
    label: 'Database instance class',
    type: 'String',
    default: 'db.t3.medium',
    allowedPattern: '^db\\.[a-z0-9-]+\\.[a-z0-9]+$',
    constraintDescription: 'a class of RDS, such as db.t3.medium',
    description: 'Class of the database that is made.',
  },
  RawRetentionDays: {
    label: 'Raw retention',
    type: 'Number',
    default: 10,
    minValue: 1,
    maxValue: 3650,
    description: 'Days until raw objects of the bucket that is made expire. Segments do not.',
  },
  BlockPublicAccess: {
    label: 'Block public access',
    type: 'String',
    default: 'Yes',
    allowedValues: ['Yes', 'No'],
    description:
      'No: where the right to s3:PutBucketPublicAccessBlock is withheld, and the account blocks it anyway.',
  },
} as const satisfies Record<string, ParameterOptions>;

export type Setting = keyof typeof SETTINGS;

/** Declares the settings in a stack, some with a default of its own. */
export function settingParameters(
  stack: TemplateStack,
  defaults: Partial<Record<Setting, string>> = {},
): Record<Setting, CfnParameter> {
  const pairs = (Object.keys(SETTINGS) as Setting[]).map((name) => {
    const own = defaults[name] === undefined ? {} : { default: defaults[name] };
    return [name, stack.parameter(name, { ...SETTINGS[name], ...own })];
  });
  return Object.fromEntries(pairs) as Record<Setting, CfnParameter>;
}
