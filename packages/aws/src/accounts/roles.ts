import {
  type EvaluationResult,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Look, NamedPolicy, RoleFacts, Simulated } from '@lakewright/core';
import { look, pages, tryToLook } from './look.ts';

/** A role by its ARN, with everything that it may do and who may assume it. */
export async function readRole(client: IAMClient, arn: string): Promise<Look<RoleFacts>> {
  // A path is part of the ARN and not of the name.
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1);
  const deed = (what: string, action: string) => ({ what: `look at ${what} ${arn}`, action, resource: arn });
  const found = await look(deed('the role', 'iam:GetRole'), async () => {
    const { Role } = await client.send(new GetRoleCommand({ RoleName }));
    return Role?.Arn === arn ? Role : undefined;
  });
  if (found.state !== 'seen') return found;
  const boundaryArn = found.value.PermissionsBoundary?.PermissionsBoundaryArn;
  const policies = await look(
    deed(
      'the policies of the role',
      'iam:ListRolePolicies, GetRolePolicy, ListAttachedRolePolicies, GetPolicy and GetPolicyVersion',
    ),
    async () => [...(await inlinePolicies(client, RoleName)), ...(await attachedPolicies(client, RoleName))],
  );
  const boundary: Look<NamedPolicy> =
    boundaryArn === undefined
      ? { state: 'absent' }
      : await look(
          deed('the permissions boundary of the role', 'iam:GetPolicy and iam:GetPolicyVersion'),
          () => managedPolicy(client, boundaryArn),
        );
  const trust = decodeURIComponent(found.value.AssumeRolePolicyDocument ?? '');
  return { state: 'seen', value: { arn, name: RoleName, policies, trust, boundary } };
}

async function inlinePolicies(client: IAMClient, RoleName: string): Promise<NamedPolicy[]> {
  const names = await pages(
    (Marker) => client.send(new ListRolePoliciesCommand({ RoleName, Marker })),
    (page) => page.Marker,
    (page) => page.PolicyNames,
  );
  return Promise.all(
    names.map(async (name) => {
      const answer = await client.send(new GetRolePolicyCommand({ RoleName, PolicyName: name }));
      return { name, document: decodeURIComponent(answer.PolicyDocument ?? '') };
    }),
  );
}

async function attachedPolicies(client: IAMClient, RoleName: string): Promise<NamedPolicy[]> {
  const attached = await pages(
    (Marker) => client.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker })),
    (page) => page.Marker,
    (page) => page.AttachedPolicies,
  );
  return Promise.all(attached.map(({ PolicyArn = '' }) => managedPolicy(client, PolicyArn)));
}

async function managedPolicy(client: IAMClient, PolicyArn: string): Promise<NamedPolicy> {
  const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
  const { PolicyVersion } = await client.send(
    new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
  );
  return { name: PolicyArn, document: decodeURIComponent(PolicyVersion?.Document ?? '') };
}

/** What IAM says that a role may do to one resource. What is not said to it, like an address, it takes as absent. */
export function simulate(
  client: IAMClient,
  roleArn: string,
  actions: readonly string[],
  resource: string,
): Promise<Look<Simulated[]>> {
  const deed = {
    what: `simulate what ${roleArn} may do`,
    action: 'iam:SimulatePrincipalPolicy',
    resource: roleArn,
  };
  return tryToLook(deed, async () => {
    const results = await pages(
      (Marker) =>
        client.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: roleArn,
            ActionNames: [...actions],
            ResourceArns: [resource],
            Marker,
          }),
        ),
      (page) => page.Marker,
      (page) => page.EvaluationResults,
    );
    return results.map((result) => simulated(result, resource));
  });
}

function simulated(result: EvaluationResult, resource: string): Simulated {
  const { EvalActionName = '', EvalDecision, MissingContextValues = [] } = result;
  const byOrganization = result.OrganizationsDecisionDetail?.AllowedByOrganizations === false;
  const byBoundary = result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false;
  return {
    action: EvalActionName,
    resource,
    decision: EvalDecision ?? 'implicitDeny',
    by: byOrganization ? 'organization' : byBoundary ? 'boundary' : undefined,
    unknownKeys: MissingContextValues,
  };
}
