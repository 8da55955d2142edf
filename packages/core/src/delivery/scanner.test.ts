import { describe, expect, it } from 'vitest';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import { isSettled, PrefixScanner, type ScanReceiver } from './scanner.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function object(key: string, etag = '1'): ObjectInfo {
  return { key, etag, size: 1, lastModifiedMs: AT };
}

/** A store that only lists. */
function listing(objects: () => readonly ObjectInfo[]): ObjectStore {
  const list = async function* (prefix: string) {
    yield* objects().filter(({ key }) => key.startsWith(prefix));
  };
  return { list } as Partial<ObjectStore> as ObjectStore;
}

class Receiver implements ScanReceiver<ObjectInfo> {
  readonly asked: string[] = [];
  readonly announced: string[] = [];
  known = new Set<string>();
  failure: Error | undefined;

  candidate(info: ObjectInfo): ObjectInfo | undefined {
    return info.key.endsWith('.part') ? undefined : info;
  }

  async unknown(objects: readonly ObjectInfo[]): Promise<ObjectInfo[]> {
    this.asked.push(...objects.map(({ key }) => key));
    return objects.filter(({ key }) => !this.known.has(key));
  }

  async announce(objects: readonly ObjectInfo[]): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.announced.push(...objects.map(({ key, etag }) => `${key}@${etag}`));
  }
}

describe('PrefixScanner', () => {
  const never = new AbortController().signal;

  it('announces what nobody has heard of, and asks about it once', async () => {
    const receiver = new Receiver();
    receiver.known.add('in/old');
    const found = [
      object('in/a'),
      object('in/folder/'),
      object('in/new.part'),
      object('in/old'),
      object('out/x'),
    ];
    const scanner = new PrefixScanner(
      listing(() => found),
      receiver,
    );
    expect(await scanner.scan('in/', never)).toBe(1);
    expect(receiver.announced).toEqual(['in/a@1']);
    found.push(object('in/b'));
    expect(await scanner.scan('in/', never)).toBe(1);
    expect(receiver.asked).toEqual(['in/a', 'in/old', 'in/b']);
  });

  it('asks again about a key that has other bytes', async () => {
    const receiver = new Receiver();
    const found = [object('in/a')];
    const scanner = new PrefixScanner(
      listing(() => found),
      receiver,
    );
    await scanner.scan('in/', never);
    found[0] = object('in/a', '2');
    await scanner.scan('in/', never);
    expect(receiver.announced).toEqual(['in/a@1', 'in/a@2']);
  });

  it('passes over what was announced in another way', async () => {
    const receiver = new Receiver();
    const scanner = new PrefixScanner(
      listing(() => [object('in/a'), object('in/b', '2')]),
      receiver,
    );
    scanner.passOver(object('in/a'));
    scanner.passOver(object('in/b', '1'));
    await scanner.scan('in/', never);
    expect(receiver.announced).toEqual(['in/b@2']);
  });

  it('does not count as seen what could not be announced', async () => {
    const receiver = new Receiver();
    receiver.failure = new Error('away');
    const scanner = new PrefixScanner(
      listing(() => [object('in/a')]),
      receiver,
    );
    await expect(scanner.scan('in/', never)).rejects.toThrow('away');
    receiver.failure = undefined;
    expect(await scanner.scan('in/', never)).toBe(1);
  });

  it('announces every object of a listing longer than a batch', async () => {
    const receiver = new Receiver();
    const many = Array.from({ length: 1234 }, (_, i) => object(`in/${i}`));
    expect(
      await new PrefixScanner(
        listing(() => many),
        receiver,
      ).scan('in/', never),
    ).toBe(1234);
    expect(new Set(receiver.announced).size).toBe(1234);
  });
});

describe('isSettled', () => {
  it.each([
    [AT, false],
    [AT - 999, false],
    [AT - 1000, true],
    [AT + 500, false],
    [AT + 86_400_000, true],
  ])('is whole when left alone: changed at %d', (lastModifiedMs, settled) => {
    expect(isSettled({ ...object('in/a'), lastModifiedMs }, AT, 1000)).toBe(settled);
  });
});
