import {
  type CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import type { ChangeSetRequest, Stacks } from '@lakewright/core';
import { type ClientOptions, cloudFormationClient, regionOf } from '../clients.ts';
import { isAwsError } from '../errors.ts';
import { changeSetOf } from './change-sets.ts';
import { changeSetNames, deleted, events, resources } from './listings.ts';
import { isAbsent, refusal, type Subject } from './refusals.ts';
import { descriptionOf } from './said.ts';

/** No template of Lakewright names its roles. */
const CAPABILITIES = ['CAPABILITY_IAM' as const];

/** The stacks of one account and region, in CloudFormation. */
export function cloudFormationStacks(options: ClientOptions): Stacks & { close(): void } {
  const client = cloudFormationClient(options);
  const subject: Subject = { region: regionOf(options) };
  const ask = <T>(what: string, action: string, stack: string, asked: Promise<T>): Promise<T> =>
    asked.catch((error: unknown) => {
      throw refusal(error, subject, what, action, stack);
    });
  return {
    describe: (stack) => describe(client, subject, stack),
    deleted: (names) => deleted(client, subject, names),
    resources: (stack) => resources(client, subject, stack),
    events: (stack, after) => events(client, subject, stack, after),
    async template(stack) {
      const command = new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' });
      const said = await ask('read the template of', 'GetTemplate', stack, client.send(command));
      return said.TemplateBody ?? '';
    },
    async createChangeSet(request) {
      const command = new CreateChangeSetCommand(inputOf(request));
      const what = 'make a change set for';
      const { Id } = await ask(what, 'CreateChangeSet', request.stack, client.send(command));
      return Id ?? '';
    },
    changeSetNames: (stack) => changeSetNames(client, subject, stack),
    changeSet: (id) => changeSetOf(client, subject, id),
    async executeChangeSet(id) {
      const command = new ExecuteChangeSetCommand({ ChangeSetName: id, ClientRequestToken: tokenOf(id) });
      await ask('execute the change set', 'ExecuteChangeSet', id, client.send(command));
    },
    async deleteChangeSet(id) {
      await client.send(new DeleteChangeSetCommand({ ChangeSetName: id })).catch((error: unknown) => {
        if (isAwsError(error, 'ChangeSetNotFound', 'ChangeSetNotFoundException') || isAbsent(error)) return;
        throw refusal(error, subject, 'delete the change set', 'DeleteChangeSet', id);
      });
    },
    async delete(stack) {
      await client.send(new DeleteStackCommand({ StackName: stack })).catch((error: unknown) => {
        if (!isAbsent(error)) throw refusal(error, subject, 'delete', 'DeleteStack', stack);
      });
    },
    async detectDrift(stack) {
      const command = new DetectStackDriftCommand({ StackName: stack });
      const said = await ask('look for drift of', 'DetectStackDrift', stack, client.send(command));
      return said.StackDriftDetectionId ?? '';
    },
    async driftDetection(id) {
      const command = new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id });
      const action = 'DescribeStackDriftDetectionStatus';
      const said = await ask('follow the look for drift', action, id, client.send(command));
      return { status: said.DetectionStatus ?? '', reason: said.DetectionStatusReason };
    },
    close: () => client.destroy(),
  };
}

async function describe(client: CloudFormationClient, subject: Subject, stack: string) {
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return found === undefined ? undefined : descriptionOf(found);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw refusal(error, subject, 'look at', 'DescribeStacks', stack);
  }
}

function inputOf({ stack, name, kind, template, parameters, nested, tags }: ChangeSetRequest) {
  return {
    StackName: stack,
    ChangeSetName: name,
    // A request that is sent twice, its answer being lost, is one.
    ClientToken: name,
    ChangeSetType: kind,
    Capabilities: CAPABILITIES,
    ...(nested ? { IncludeNestedStacks: true } : {}),
    ...(template === 'previous'
      ? { UsePreviousTemplate: true }
      : 'body' in template
        ? { TemplateBody: template.body }
        : { TemplateURL: template.url }),
    Parameters: parameters.map((parameter) => ({
      ParameterKey: parameter.name,
      ...('previous' in parameter ? { UsePreviousValue: true } : { ParameterValue: parameter.value }),
    })),
    ...(tags === undefined ? {} : { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}

/** The same for every try to execute a change set: its own id, a UUID at the end of the ARN. */
function tokenOf(id: string): string | undefined {
  return id.startsWith('arn:') ? id.split('/').at(-1) : undefined;
}
