import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimateText } from '../packages/cli/src/commands/aws/print-estimate.ts';
import {
  type DeployRequest,
  givenBySet,
  LAKERUNNER,
  LAKERUNNER_ROOT,
  planDeployment,
  type System,
  templateFacts,
} from '../packages/deploy/src/index.ts';
import { FakeCloud } from '../packages/deploy/test/fake-cloud.ts';
import { REPOSITORY } from './support/runtime.ts';

const FILES = [...LAKERUNNER.stacks, ...LAKERUNNER_ROOT.stacks].map(({ template }) => template);
const templates = new Map(
  FILES.map((file) => [
    file,
    templateFacts(file, readFileSync(join(REPOSITORY, 'generated-templates', file), 'utf8')),
  ]),
);
const PLAIN = { out: () => {}, err: () => {}, columns: undefined, color: false, progress: false };
const BROUGHT_DATABASE = [
  'CreateRDS=No',
  'ExistingDatabaseEndpoint=db.example.com',
  'ExistingDatabaseSecretArn=arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf',
];
const TEMPLATE_BASE = 'TemplateBaseUrl=https://templates.s3.us-east-1.amazonaws.com/lakerunner';

function planned(set: readonly string[], more: Partial<DeployRequest> = {}, on = new FakeCloud()) {
  const system: System = more.system ?? LAKERUNNER;
  return planDeployment(on.engine(), {
    system,
    environment: 'lakerunner',
    templates,
    given: set.map((text) => givenBySet(text, system, 'lakerunner')),
    vpc: undefined,
    with: undefined,
    only: undefined,
    ...more,
  });
}

describe('plan --estimate', () => {
  it.each<[string, string[], Partial<DeployRequest>]>([
    ['every stack', [], { with: ['grafana', 'collector', 'demo'] }],
    ['a database that is brought', BROUGHT_DATABASE, { with: [] }],
  ])('says what %s costs', async (what, set, more) => {
    const text = estimateText(PLAIN, (await planned(set, more)).estimate);
    await expect(text).toMatchFileSnapshot(`support/estimates/${what.replaceAll(' ', '-')}.txt`);
  });

  it('has no database where one is brought, and knows the price of all else', async () => {
    const own = (await planned([])).estimate;
    const brought = (await planned(BROUGHT_DATABASE)).estimate;
    const databases = ({ lines }: typeof own) => lines.filter(({ what }) => /^db\.|gp3/.test(what));
    expect(databases(own)).toHaveLength(2);
    expect(databases(brought)).toEqual([]);
    expect(own.lines.filter(({ kind }) => kind === 'unknown')).toEqual([]);
    expect(brought.monthlyUsd).toBeLessThan(own.monthlyUsd);
  });

  it('is near the same for one stack with the others inside', async () => {
    const root = (await planned([TEMPLATE_BASE, 'DbInstanceClass=db.t3.medium'], { system: LAKERUNNER_ROOT }))
      .estimate;
    const single = (await planned([])).estimate;
    expect(root.monthlyUsd).toBeCloseTo(single.monthlyUsd, 2);
    expect(new Set(root.lines.map(({ stack }) => stack))).toContain('lakerunner-root/CommonStack');
  });

  it('says where and of when its prices are, and that nobody fetched them', async () => {
    const { asOf, region, notes } = (await planned([])).estimate;
    expect(notes.join(' ')).toContain(`List prices of ${region} of ${asOf}`);
    expect(notes.join(' ')).toMatch(/from memory .* not fetched.*other regions differ/);
  });
});

describe('a plan of what is not there', () => {
  it('lists exactly what is made, as conditions say', async () => {
    const ids = async (set: string[]) =>
      (await planned(set)).stacks
        .find(({ key }) => key === 'common')
        ?.changes.filter(({ type }) => type === 'AWS::RDS::DBInstance');
    expect(await ids([])).toMatchObject([{ verb: 'add' }]);
    expect(await ids(BROUGHT_DATABASE)).toEqual([]);
  });

  it('lists what is in the stacks inside', async () => {
    const { stacks } = await planned([TEMPLATE_BASE], { system: LAKERUNNER_ROOT });
    const names = stacks.at(-1)?.changes.map(({ logicalId }) => logicalId);
    expect(names).toEqual(expect.arrayContaining(['CommonStack', 'CommonStack/Efs']));
  });

  it.each<[string, string[], RegExp]>([
    [
      'a value of no such shape',
      ['common.ExistingDatabaseSecretArn=mine'],
      /ExistingDatabaseSecretArn: "mine" does not match/,
    ],
    ['a combination', ['CreateRDS=No'], /^common: the rule \w+: .*ExistingDatabase/],
    ['a subnet that is none', ['PrivateSubnets=a,b'], /^common: PrivateSubnets: "a" is no/],
    [
      'a stack with values that the one before makes wrong',
      ['vpc.PublicSubnet1Cidr=10.9.9.9'],
      /PublicSubnet1Cidr/,
    ],
  ])('refuses %s before anything is made', async (_what, set, message) => {
    const on = new FakeCloud();
    await expect(planned(set, {}, on)).rejects.toThrow(message);
    expect(on.calls).toEqual([]);
  });
});
