import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { UnavailableError } from '@lakewright/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryStore } from '../../../local/test/adapters.ts';
import { FailingStore } from '../../test/fakes.ts';
import type { RawObject } from '../types.ts';
import { readRaw } from './read.ts';

const MAX_BYTES = 1_000_000;

describe('readRaw', () => {
  let root: string;
  let remove: () => Promise<void>;
  let store: FailingStore;
  let calls: string[];

  beforeAll(async () => {
    const temporary = await temporaryStore();
    ({ root, remove } = temporary);
    store = new FailingStore(temporary.store);
    store.fault = (operation) => {
      calls.push(operation);
      return undefined;
    };
    calls = [];
  });

  afterAll(() => remove());

  const claimed = async (key: string, body: Uint8Array): Promise<RawObject> => {
    const { etag, size } = await store.put(key, body);
    calls = [];
    return { id: 1n, organization: 'o', collector: 'c', signal: 'logs', key, etag, size, arrivedNs: 1n };
  };

  it.each([0, 1, 300_000, MAX_BYTES])('reads %d bytes in one call', async (size) => {
    const body = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const reading = await readRaw(store, await claimed(`whole-${size}`, body), MAX_BYTES);
    expect(reading.kind).toBe('bytes');
    expect(reading.kind === 'bytes' && Buffer.compare(reading.bytes, body)).toBe(0);
    expect(calls).toEqual(['get']);
  });

  it('says that an object is too big', async () => {
    const object = await claimed('big', new Uint8Array(MAX_BYTES + 1));
    expect(await readRaw(store, object, MAX_BYTES)).toEqual({
      kind: 'bad',
      reason: '1000001 bytes are more than maxRawObjectBytes (1000000)',
    });
  });

  it('says what is there in place of the object', async () => {
    const object = await claimed('replaced', Buffer.from('before'));
    const info = await store.put('replaced', Buffer.from('after'));
    expect(await readRaw(store, object, MAX_BYTES)).toEqual({ kind: 'replaced', info });
  });

  it('says that the object is gone', async () => {
    const object = await claimed('gone', Buffer.from('before'));
    await store.delete('gone');
    expect(await readRaw(store, object, MAX_BYTES)).toEqual({
      kind: 'bad',
      reason: 'the object is gone from the store',
    });
  });

  it('notices an object that is written to while it is read', async () => {
    const object = await claimed('changing', new Uint8Array(300_000));
    const changing = new FailingStore(store);
    changing.open = async (key, options) => {
      const opened = await store.open(key, options);
      await appendFile(path.join(root, key), 'more');
      return opened;
    };
    const reading = await readRaw(changing, object, MAX_BYTES);
    expect(reading).toMatchObject({ kind: 'replaced', info: { size: 300_004 } });
  });

  it('throws when the store does not work, and else blames the object', async () => {
    const object = await claimed('fine', Buffer.from('fine'));
    const failing = new FailingStore(store);
    failing.fault = () => new UnavailableError('the disk is away');
    await expect(readRaw(failing, object, MAX_BYTES)).rejects.toThrow(UnavailableError);
    failing.fault = () => new Error('a bad sector');
    expect(await readRaw(failing, object, MAX_BYTES)).toEqual({ kind: 'failed', reason: 'a bad sector' });
  });
});
