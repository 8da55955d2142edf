import { expect, it } from 'vitest';
import { choices, SWITCHES } from './install.ts';

it('every combination is there once', () => {
  const all = [...choices()].map((choice) => JSON.stringify(choice));
  const product = Object.values(SWITCHES).reduce((count, values) => count * values.length, 1);
  expect(new Set(all).size).toBe(product);
  expect(all).toHaveLength(product);
});

it('of a fixed switch only the value that is given', () => {
  const all = [...choices({ nat: 'No' })];
  expect(all).toHaveLength([...choices()].length / 2);
  expect(all.every(({ nat }) => nat === 'No')).toBe(true);
});
