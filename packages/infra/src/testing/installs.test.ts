import { parseTemplate } from '@lakewright/deploy';
import { beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../index.ts';
import { findingsOf } from './findings.ts';
import { type Choice, choices, Installs, STACK_ORDER } from './install.ts';

let installs: Installs;
let names: string[];

beforeAll(() => {
  const templates = [...synthesize()].map(
    ([file, text]) => [file.replace(/^lakerunner-|\.yaml$/g, ''), parseTemplate(text, file)] as const,
  );
  installs = new Installs(new Map(templates));
  names = templates.map(([name]) => name);
});

/** Rules and imports that are to refuse a choice before anything is made: by a part of their path. */
function refusals(choice: Choice, layout: 'chain' | 'root'): string[] {
  const noPublic = choice.scheme === 'internet-facing' && choice.publicSubnets === 'none';
  if (layout === 'chain') return noPublic ? ['-PublicSubnets found'] : [];
  const bringsData = choice.s3 === 'brought' || choice.rds === 'brought';
  return [
    ...(noPublic ? ['Rules/InternetFacing'] : []),
    ...(bringsData && choice.taskRole === 'made' ? ['Rules/TaskRoleOfBrought'] : []),
  ];
}

/** All that is found in the installs of the choices, each once with the first choice that has it. */
function faults(layout: 'chain' | 'root', all: Iterable<Choice>): string[] {
  const found = new Map<string, string>();
  const note = (text: string, choice: Choice) => {
    if (!found.has(text)) found.set(text, `${text}  [${JSON.stringify(choice)}]`);
  };
  for (const choice of all) {
    const findings = findingsOf(layout === 'chain' ? installs.chain(choice) : installs.root(choice));
    const expected = refusals(choice, layout);
    for (const text of expected) {
      if (names.includes('root') && !findings.some(({ message }) => message.includes(text))) {
        note(`nothing refuses it: ${text}`, choice);
      }
    }
    // What is refused is not made: it has no other faults.
    if (expected.length > 0) continue;
    for (const each of findings) {
      note(`${each.file} ${each.resource}: ${each.message} (${each.check})`, choice);
    }
  }
  return [...found.values()];
}

describe('the templates, for every combination of switches', () => {
  it('are all known here', () => {
    const known = [...STACK_ORDER, 'root', 'migration', 'services'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('come to the same with and without a NAT gateway, but for the VPC', () => {
    const [withNat, without] = (['Yes', 'No'] as const).map((nat) => {
      const [choice] = choices({ nat });
      const { NatGatewayId, ...outputs } = installs.chain(choice).stacks[0].stack.outputs;
      return outputs;
    });
    expect(without).toEqual(withNat);
    expect(faults('chain', choices({ ...plain(), nat: 'No' }))).toEqual([]);
  });

  it('deployed one by one', () => {
    expect(faults('chain', choices({ nat: 'Yes' }))).toEqual([]);
  }, 300_000);

  it('nested in the root', () => {
    expect(faults('root', choices({ nat: 'Yes' }))).toEqual([]);
  }, 300_000);
});

function plain(): Choice {
  const [first] = choices();
  return first;
}
