import { type DeployRequest, givenBySet, LAKERUNNER, type Questions } from '../src/index.ts';
import { FakeCloud } from './fake-cloud.ts';
import { smallTemplates } from './small-templates.ts';

export const VPC_OUTPUTS = {
  VpcId: 'vpc-00000001',
  PrivateSubnets: 'subnet-00000001,subnet-00000002',
  PublicSubnets: 'subnet-00000003,subnet-00000004',
};

/** Agrees to everything. */
export const YES: Questions = { approve: async () => true, approveMore: async () => true };

/** An empty account, in which a VPC's stack has the outputs that the others ask for. */
export function cloud(): FakeCloud {
  const made = new FakeCloud();
  made.outputs['lakerunner-vpc'] = VPC_OUTPUTS;
  return made;
}

/** The whole of an install of small templates, with parameters as `--set` takes them. */
export function request(set: readonly string[] = [], more: Partial<DeployRequest> = {}): DeployRequest {
  return {
    system: LAKERUNNER,
    environment: 'lakerunner',
    templates: smallTemplates(),
    given: set.map((text) => givenBySet(text, LAKERUNNER, 'lakerunner')),
    vpc: undefined,
    with: undefined,
    only: undefined,
    ...more,
  };
}
