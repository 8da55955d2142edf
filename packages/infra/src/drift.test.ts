import { expect, it } from 'vitest';
import { drift } from './drift.ts';
import { HEADER } from './template-yaml.ts';

it('names what is missing, changed, and left over, and nothing else', () => {
  const made = new Map([
    ['b.yaml', `${HEADER}b`],
    ['a.yaml', `${HEADER}a`],
    ['same.yaml', `${HEADER}same`],
  ]);
  const present = new Map([
    ['b.yaml', 'b'],
    ['old.yaml', `${HEADER}old`],
    ['same.yaml', `${HEADER}same`],
    ['mine.yaml', 'not of synth'],
  ]);
  expect([...drift(made, present)]).toEqual([
    ['a.yaml', 'missing'],
    ['b.yaml', 'changed'],
    ['old.yaml', 'left over'],
  ]);
  expect(drift(made, made).size).toBe(0);
});
