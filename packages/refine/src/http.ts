import type { Readable } from 'node:stream';
import { Readable as NodeReadable } from 'node:stream';
import { BadInputError, LimitError, NotFoundError, type ObjectInfo } from '@lakewright/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { REFINE_LIMITS } from './limits.ts';
import type { RuleSet } from './rule-set.ts';

export interface RefineRoutes {
  /** The rule sets that an organization may use. */
  readonly ruleSets: (organization: string) => readonly RuleSet[];
  readonly organizationOf: (request: FastifyRequest) => string;
}

const BASE = '/api/v1/refine/rules';
/** Completions, or dead letters, in one answer. */
const PAGE = 1000;
const METADATA = 'x-amz-meta-';

/** The routes of `lakewright refine`, below /api/v1/refine/. */
export function addRefineRoutes(app: FastifyInstance, { ruleSets, organizationOf }: RefineRoutes): void {
  const find = (request: FastifyRequest): RuleSet => {
    const { rule } = request.params as { rule: string };
    const found = ruleSets(organizationOf(request)).find((set) => set.rule.name === rule);
    if (found !== undefined) return found;
    throw new NotFoundError(`there is no rule ${JSON.stringify(rule)}`, {
      hint: 'see `lakewright refine ls`; rules are declared in lakewright.yaml',
    });
  };
  app.get(BASE, async (request) => ({
    rules: await Promise.all(
      ruleSets(organizationOf(request)).map(async (set) => ({ ...set.rule, ...(await set.counts()) })),
    ),
  }));
  app.get(`${BASE}/:rule/completions`, async (request) => {
    const { after = '' } = request.query as { after?: unknown };
    if (typeof after !== 'string') throw new BadInputError('after is given more than once');
    return completionPage(find(request), after);
  });
  app.get(`${BASE}/:rule/dead-letters`, async (request) => ({
    deadLetters: await find(request).deadLetters(PAGE),
  }));
  app.post(`${BASE}/:rule/redrive`, async (request) => ({ redriven: await find(request).redrive() }));
  app.get(`${BASE}/:rule/objects/*`, async (request, reply) => {
    const object = await find(request).open(rest(request));
    return reply
      .headers({
        'content-type': object.contentType,
        'content-length': object.size,
        // An object is data: a browser must not run what somebody pushed.
        'content-disposition': 'attachment',
        'x-content-type-options': 'nosniff',
      })
      .send(NodeReadable.from(object.body, { objectMode: false }));
  });
  app.delete(`${BASE}/:rule/objects/*`, async (request, reply) => {
    await find(request).remove(rest(request));
    return reply.code(204).send();
  });
  addPush(app, find);
}

/** A page of its own scope, because here any type of body is welcome and none is read into memory. */
function addPush(app: FastifyInstance, find: (request: FastifyRequest) => RuleSet): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.put(`${BASE}/:rule/input/*`, { config: { streamed: true } }, async (request, reply) => {
      const set = find(request);
      const contentType = request.headers['content-type'];
      const metadata = metadataOf(request.headers);
      const body = withoutStalling(request.body ?? request.raw);
      const { key, etag, size } = await set.push(rest(request), body, { contentType, metadata });
      return reply.code(201).send({ key, etag, size });
    });
  });
}

async function completionPage(
  set: RuleSet,
  after: string,
): Promise<{ completions: ObjectInfo[]; next?: string }> {
  const completions: ObjectInfo[] = [];
  for await (const info of set.completions(after)) {
    if (completions.length === PAGE) return { completions, next: completions[PAGE - 1].key };
    completions.push(info);
  }
  return { completions };
}

/** What follows the route's fixed part: a key or a path below a prefix. */
function rest(request: FastifyRequest): string {
  const path = (request.params as { '*': string })['*'];
  if (path === '') throw new BadInputError('the address ends before the name of the object');
  return path;
}

function metadataOf(headers: FastifyRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(METADATA) && typeof value === 'string' ? [[name.slice(METADATA.length), value]] : [],
    ),
  );
}

/** The body as it arrives. Throws LimitError when nothing more comes, and when it ends before its length. */
async function* withoutStalling(body: unknown): AsyncGenerator<Uint8Array> {
  const stream = body as Readable;
  const { maxIdleSeconds } = REFINE_LIMITS;
  let timer: NodeJS.Timeout | undefined;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const message = `no byte of the object arrived for maxIdleSeconds (${maxIdleSeconds})`;
      stream.destroy(new LimitError('maxIdleSeconds', message));
    }, maxIdleSeconds * 1000);
  };
  restart();
  try {
    for await (const chunk of stream) {
      clearTimeout(timer);
      yield chunk as Uint8Array;
      restart();
    }
  } finally {
    clearTimeout(timer);
  }
}
