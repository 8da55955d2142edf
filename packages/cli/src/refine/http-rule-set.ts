import type { ObjectInfo, QueueCounts } from '@lakewright/core';
import { UnavailableError } from '@lakewright/core';
import {
  checkPath,
  type DeadLetterView,
  type PushedObject,
  type RuleSet,
  type RuleView,
} from '@lakewright/refine';
import type { ApiClient } from '../client.ts';

const BASE = '/api/v1/refine/rules';

type RuleAnswer = RuleView & QueueCounts;

/** The rule sets of a running lake, over its HTTP API. */
export async function httpRuleSets(client: ApiClient): Promise<RuleSet[]> {
  const { rules } = await client.get<{ rules: RuleAnswer[] }>(BASE);
  return rules.map(({ waiting: _w, inFlight: _i, dead: _d, ...rule }) => httpRuleSet(client, rule));
}

function httpRuleSet(client: ApiClient, rule: RuleView): RuleSet {
  const base = `${BASE}/${rule.name}`;
  return {
    rule,
    async push(path, body, { contentType = 'application/octet-stream', metadata = {} }) {
      const headers = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
      const response = await client.send('PUT', `${base}/input/${escaped(path)}`, {
        body: ReadableStream.from(body),
        headers: { 'content-type': contentType, ...Object.fromEntries(headers) },
      });
      return (await response.json()) as PushedObject;
    },
    async *completions(startAfter = '') {
      for (let after: string | undefined = startAfter; after !== undefined; ) {
        const page: { completions: ObjectInfo[]; next?: string } = await client.get(
          `${base}/completions?after=${encodeURIComponent(after)}`,
        );
        yield* page.completions;
        after = page.next;
      }
    },
    async open(key) {
      const response = await client.send('GET', `${base}/objects/${escaped(key)}`);
      return {
        contentType: response.headers.get('content-type') ?? 'application/octet-stream',
        size: Number(response.headers.get('content-length')),
        body: whole(key, response),
      };
    },
    async remove(key) {
      await client.send('DELETE', `${base}/objects/${escaped(key)}`);
    },
    async counts() {
      const { rules } = await client.get<{ rules: RuleAnswer[] }>(BASE);
      const { waiting = 0, inFlight = 0, dead = 0 } = rules.find(({ name }) => name === rule.name) ?? {};
      return { waiting, inFlight, dead };
    },
    async deadLetters(max) {
      const answer = await client.get<{ deadLetters: DeadLetterView[] }>(`${base}/dead-letters`);
      return answer.deadLetters.slice(0, max);
    },
    async redrive() {
      return (await client.post<{ redriven: number }>(`${base}/redrive`)).redriven;
    },
  };
}

/** The bytes of an answer; one that ends before its length says is an error, not a shorter object. */
async function* whole(key: string, response: Response): AsyncGenerator<Uint8Array> {
  try {
    if (response.body !== null) yield* response.body;
  } catch (error) {
    throw new UnavailableError(`${key}: the connection broke off`, { cause: error });
  }
}

function escaped(path: string): string {
  // Before fetch takes `..` for a way up.
  checkPath(path);
  return path.split('/').map(encodeURIComponent).join('/');
}
