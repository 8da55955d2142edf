/** Stands on which the tests of this package run: real files, and a log that can be read. */
import {
  type Logger,
  type ObjectCreated,
  type ObjectStore,
  objectCreatedEvent,
  parseRules,
  type Rule,
} from '@lakewright/core';
import { afterEach } from 'vitest';
import { temporaryStore } from '../../local/test/adapters.ts';
import { type Handler, helloWorld, type RefineDependencies } from '../src/index.ts';

export const BUCKET = 'data-repository';

export interface Stand extends RefineDependencies {
  /** Everything that was logged, as text. */
  readonly lines: string[];
  /** Puts an input; answers the event that tells of it. */
  input(path: string, content?: string, options?: { contentType?: string }): Promise<ObjectCreated>;
  /** The keys below a prefix. */
  keys(prefix: string): Promise<string[]>;
  text(key: string): Promise<string>;
  with(handler: Handler): Stand;
}

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A rule set over files in a new directory, which goes after the test. */
export async function stand(declared: Record<string, unknown> = {}): Promise<Stand> {
  const { store, remove } = await temporaryStore();
  removals.push(remove);
  const [rule] = parseRules([{ name: 'Refiner', ...declared }], 'test');
  return standOver(store, rule, helloWorld);
}

export function standOver(store: ObjectStore, rule: Rule, handler: Handler): Stand {
  const lines: string[] = [];
  const self: Stand = {
    rule,
    handler,
    bucket: BUCKET,
    store,
    logger: recordingLogger(lines),
    lines,
    async input(path, content = 'hello world\n', options = {}) {
      const body = new TextEncoder().encode(content);
      const { key, etag, size } = await store.put(rule.inputPrefix + path, body, options);
      return { bucket: BUCKET, key, etag, size, versionId: undefined, sequencer: undefined };
    },
    async keys(prefix) {
      return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
    },
    text: async (key) => new TextDecoder().decode(await store.get(key)),
    with: (other) => ({ ...self, handler: other }),
  };
  return self;
}

function recordingLogger(lines: string[]): Logger {
  return {
    log: (level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    with: () => recordingLogger(lines),
  };
}

/** A message about an object, as EventBridge sends it. */
export function message(event: ObjectCreated, id = event.key): { id: string; body: string } {
  return { id, body: objectCreatedEvent(event, id, 0) };
}

export const never = new AbortController().signal;
