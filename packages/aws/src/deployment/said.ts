import type {
  ResourceChange as SdkChange,
  Stack,
  StackDriftInformation,
} from '@aws-sdk/client-cloudformation';
import type { PropertyChange, ResourceChange, StackDescription } from '@lakewright/core';

export function descriptionOf(stack: Stack): StackDescription {
  return {
    id: stack.StackId ?? '',
    name: stack.StackName ?? '',
    status: stack.StackStatus ?? '',
    statusReason: stack.StackStatusReason || undefined,
    parameters: record(stack.Parameters, 'ParameterKey', 'ParameterValue'),
    outputs: record(stack.Outputs, 'OutputKey', 'OutputValue'),
    tags: record(stack.Tags, 'Key', 'Value'),
    changedAtMs: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime(),
    drift: driftOf(stack.DriftInformation),
    terminationProtected: stack.EnableTerminationProtection === true,
  };
}

export function changesOf(changes: readonly { ResourceChange?: SdkChange }[] = []): ResourceChange[] {
  return changes.flatMap(({ ResourceChange: change }) => (change === undefined ? [] : [changeOf(change)]));
}

function changeOf(change: SdkChange): ResourceChange {
  return {
    action: change.Action ?? '',
    logicalId: change.LogicalResourceId ?? '',
    physicalId: change.PhysicalResourceId,
    type: change.ResourceType ?? '',
    replacement: change.Replacement,
    properties: distinct(
      (change.Details ?? []).map(({ Target: target = {} }) => ({
        path: [target.Attribute, target.Name].filter(Boolean).join('.'),
        before: target.BeforeValue,
        after: target.AfterValue,
        recreation: target.RequiresRecreation,
      })),
    ),
  };
}

/** CloudFormation tells a property once for each reason that it may change. */
function distinct(properties: readonly PropertyChange[]): PropertyChange[] {
  return [...new Map(properties.map((property) => [property.path, property])).values()];
}

function driftOf(drift: StackDriftInformation | undefined): StackDescription['drift'] {
  if (drift?.StackDriftStatus === undefined) return undefined;
  return { status: drift.StackDriftStatus, checkedAtMs: drift.LastCheckTimestamp?.getTime() };
}

function record<K extends string, V extends string>(
  entries: readonly ({ [key in K]?: string } & { [value in V]?: string })[] | undefined,
  key: K,
  value: V,
): Record<string, string> {
  return Object.fromEntries((entries ?? []).map((entry) => [entry[key] ?? '', entry[value] ?? '']));
}
