import { lookup } from 'node:dns/promises';
import { ConfigError, type Logger, messageOf } from '@lakewright/core';
import type { WorkerReport } from './protocol.ts';

/** Where workers are: asked again and again, since they come and go. */
export interface WorkerSource {
  /** `http://host:port` of each, in any order. */
  addresses(): Promise<readonly string[]>;
}

/**
 * The workers of a list of URLs, `http://host:port,http://host:port` (`LAKEWRIGHT_QUERY_WORKERS`). Throws
 * ConfigError for what is no such list.
 */
export function listedWorkers(list: string): WorkerSource {
  const texts = list.split(',').map((text) => text.trim());
  const addresses = texts.filter((text) => text !== '').map(originOf);
  if (addresses.length === 0) throw new ConfigError('the list of query workers is empty');
  return { addresses: async () => addresses };
}

function originOf(text: string): string {
  const url = URL.parse(text);
  const plain = url !== null && ['', '/'].includes(url.pathname) && url.search === '' && url.username === '';
  if (!plain || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigError('a query worker in the list is not http://host:port', {
      hint: 'separate them by commas, without paths and credentials',
    });
  }
  return url.origin;
}

/**
 * The workers behind one DNS name, `host:port` (`QUERY_WORKER_SERVICE_NAME`): every address that it resolves
 * to now. Throws ConfigError for what is no such name.
 */
export function resolvedWorkers(service: string): WorkerSource {
  const url = URL.parse(`http://${service}`);
  if (url === null || url.port === '' || url.pathname !== '/' || url.username !== '') {
    throw new ConfigError(`the query workers' service name ${JSON.stringify(service)} is not host:port`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    async addresses() {
      const found = await lookup(host, { all: true });
      return found.map(
        ({ address, family }) => `http://${family === 6 ? `[${address}]` : address}:${url.port}`,
      );
    },
  };
}

/** Milliseconds between two looks at who is there, and that a look at one worker may take. */
const LOOK_EVERY_MS = 2000;
const LOOK_TIMEOUT_MS = 2000;

/** Looks after who is there and takes units. */
export interface Members {
  /** Resolves when everybody was looked at once. */
  readonly looked: Promise<void>;
  /** Looks again soon, and not only when it is time. */
  look(): void;
  close(): Promise<void>;
}

/** Tells `onChange` the capacity of every worker that is ready, after each look. */
export function watchMembers(
  source: WorkerSource,
  logger: Logger,
  onChange: (ready: ReadonlyMap<string, number>) => void,
): Members {
  const closing = new AbortController();
  let known = new Set<string>();
  let wake: () => void = () => {};

  const told = async (): Promise<readonly string[]> => {
    try {
      return await source.addresses();
    } catch (error) {
      logger.log('warn', 'the query workers could not be looked up', { error: messageOf(error) });
      return [];
    }
  };
  const round = async () => {
    // Who is known stays while he answers. A name server may be away, and one that knows many tells of some at a time:
    // Cloud Map of eight.
    const addresses = [...new Set([...(await told()), ...known])];
    const reports = await Promise.all(addresses.map((address) => report(address, closing.signal)));
    const ready = new Map<string, number>();
    for (const [i, address] of addresses.entries()) {
      const capacity = reports[i];
      if (capacity !== undefined) ready.set(address, capacity);
    }
    if (closing.signal.aborted) return;
    for (const address of ready.keys())
      if (!known.has(address)) logger.log('info', 'query worker joined', { address });
    for (const address of known)
      if (!ready.has(address)) logger.log('warn', 'query worker left', { address });
    known = new Set(ready.keys());
    onChange(ready);
  };
  const loop = async (first: Promise<void>) => {
    await first;
    while (!closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (!closing.signal.aborted) await round();
    }
  };
  const looked = round();
  const running = loop(looked);
  return {
    looked,
    look: () => wake(),
    async close() {
      closing.abort();
      wake();
      await running;
    },
  };
}

/** How many units a worker runs at a time, or undefined when it is not ready. */
async function report(address: string, closing: AbortSignal): Promise<number | undefined> {
  try {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
    const response = await fetch(`${address}/ready`, { redirect: 'error', signal });
    const { ready, capacity } = (await response.json()) as Partial<WorkerReport>;
    const isNumber = typeof capacity === 'number' && Number.isSafeInteger(capacity) && capacity > 0;
    return response.ok && ready === true && isNumber ? capacity : undefined;
  } catch {
    return undefined;
  }
}
