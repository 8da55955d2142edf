import { expect, test } from 'vitest';
import { Room } from './room.ts';

test('work waits until there is room, and what is too big runs alone', async () => {
  const room = new Room(10);
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, size: number): Promise<void> =>
    room.run(size, async () => {
      log.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const first = start('first', 6);
  const second = start('second', 4);
  const big = start('big', 20);
  expect(log).toEqual(['first', 'second']);
  ends.get('first')?.();
  await first;
  expect(log).toEqual(['first', 'second']);
  ends.get('second')?.();
  await second;
  await Promise.resolve();
  expect(log).toEqual(['first', 'second', 'big']);
  const last = start('last', 1);
  expect(log).not.toContain('last');
  ends.get('big')?.();
  await big;
  await Promise.resolve();
  expect(log).toContain('last');
  ends.get('last')?.();
  await last;
});
