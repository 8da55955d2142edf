import {
  type CloudFormationClient,
  paginateDescribeStackEvents,
  paginateListChangeSets,
  paginateListStackResources,
  paginateListStacks,
  type StackEvent as SdkEvent,
} from '@aws-sdk/client-cloudformation';
import type { StackEvent, StackResource } from '@lakewright/core';
import { refusal, type Subject } from './refusals.ts';

/** Every resource of a stack, in CloudFormation's order. */
export async function resources(
  client: CloudFormationClient,
  subject: Subject,
  stack: string,
): Promise<StackResource[]> {
  const found: StackResource[] = [];
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
      for (const resource of page.StackResourceSummaries ?? []) {
        found.push({
          logicalId: resource.LogicalResourceId ?? '',
          physicalId: resource.PhysicalResourceId || undefined,
          type: resource.ResourceType ?? '',
          status: resource.ResourceStatus ?? '',
          reason: resource.ResourceStatusReason || undefined,
          drift: resource.DriftInformation?.StackResourceDriftStatus,
        });
      }
    }
  } catch (error) {
    throw refusal(error, subject, 'list the resources of', 'ListStackResources', stack);
  }
  return found;
}

/** The events of a stack after the one that `after` names, the oldest first. CloudFormation tells the newest first. */
export async function events(
  client: CloudFormationClient,
  subject: Subject,
  stack: string,
  after: string | undefined,
): Promise<StackEvent[]> {
  const found: StackEvent[] = [];
  try {
    for await (const page of paginateDescribeStackEvents({ client }, { StackName: stack })) {
      for (const event of page.StackEvents ?? []) {
        if (event.EventId === after) return found.reverse();
        found.push(eventOf(event));
      }
    }
  } catch (error) {
    throw refusal(error, subject, 'read the events of', 'DescribeStackEvents', stack);
  }
  return found.reverse();
}

/** The latest stack of each name that was deleted. CloudFormation lists the latest first. */
export async function deleted(
  client: CloudFormationClient,
  subject: Subject,
  names: readonly string[],
): Promise<{ name: string; id: string }[]> {
  const found = new Map<string, { id: string; atMs: number }>();
  try {
    const filter = { StackStatusFilter: ['DELETE_COMPLETE' as const] };
    for await (const page of paginateListStacks({ client }, filter)) {
      for (const { StackName: name = '', StackId: id = '', DeletionTime: at } of page.StackSummaries ?? []) {
        const atMs = at?.getTime() ?? 0;
        if (names.includes(name) && atMs >= (found.get(name)?.atMs ?? 0)) found.set(name, { id, atMs });
      }
    }
  } catch (error) {
    throw refusal(error, subject, 'list', 'ListStacks', 'stacks');
  }
  return [...found].map(([name, { id }]) => ({ name, id }));
}

/** The names of a stack's change sets. */
export async function changeSetNames(
  client: CloudFormationClient,
  subject: Subject,
  stack: string,
): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const page of paginateListChangeSets({ client }, { StackName: stack })) {
      for (const { ChangeSetName: name = '' } of page.Summaries ?? []) found.push(name);
    }
  } catch (error) {
    throw refusal(error, subject, 'list the change sets of', 'ListChangeSets', stack);
  }
  return found;
}

function eventOf(event: SdkEvent): StackEvent {
  return {
    id: event.EventId ?? '',
    stackId: event.StackId ?? '',
    stackName: event.StackName ?? '',
    logicalId: event.LogicalResourceId ?? '',
    physicalId: event.PhysicalResourceId || undefined,
    type: event.ResourceType ?? '',
    status: event.ResourceStatus ?? '',
    reason: event.ResourceStatusReason || undefined,
    atMs: event.Timestamp?.getTime() ?? 0,
  };
}
