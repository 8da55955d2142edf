import {
  type CloudFormationClient,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { ChangeSet, ResourceChange } from '@lakewright/core';
import { refusal, type Subject } from './refusals.ts';
import { changesOf } from './said.ts';

/** A change set with all its pages, and with the changes of the stacks that are nested in it. */
export async function changeSetOf(
  client: CloudFormationClient,
  subject: Subject,
  id: string,
): Promise<ChangeSet> {
  const changes: ResourceChange[] = [];
  let page: DescribeChangeSetCommandOutput | undefined;
  do {
    page = await client
      .send(
        new DescribeChangeSetCommand({
          ChangeSetName: id,
          NextToken: page?.NextToken,
          IncludePropertyValues: true,
        }),
      )
      .catch((error: unknown) => {
        throw refusal(error, subject, 'look at the change set', 'DescribeChangeSet', id);
      });
    for (const change of changesOf(page.Changes)) changes.push(change);
    for (const nested of nestedIn(page)) {
      const inside = await changeSetOf(client, subject, nested.id);
      changes.push(
        ...inside.changes.map((change) => ({ ...change, logicalId: `${nested.name}/${change.logicalId}` })),
      );
    }
  } while (page.NextToken !== undefined);
  return {
    id: page.ChangeSetId ?? id,
    stackId: page.StackId ?? '',
    status: page.Status ?? '',
    reason: page.StatusReason || undefined,
    changes,
  };
}

function nestedIn(page: DescribeChangeSetCommandOutput): { id: string; name: string }[] {
  if (page.Status !== 'CREATE_COMPLETE') return [];
  return (page.Changes ?? []).flatMap(({ ResourceChange: change }) =>
    change?.ChangeSetId === undefined
      ? []
      : [{ id: change.ChangeSetId, name: change.LogicalResourceId ?? '' }],
  );
}
