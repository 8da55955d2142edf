import { readFile } from 'node:fs/promises';
import { type LimitBook, type Logger, messageOf, Waker } from '@lakewright/core';
import { type Config, parseConfig } from '../config.ts';

/** How long a change of the file may go unnoticed: a switch that is thrown has to work soon. */
const LOOK_MS = 2_000;

export interface WatchedLimits {
  readonly limits: LimitBook;
  close(): Promise<void>;
}

/**
 * The limits of `config`, following its file: a quota is raised and a switch thrown without a restart. A file that
 * cannot be read or makes no sense changes nothing and is remarked on; its other sections count at a start only.
 */
export function watchLimits(
  config: Config,
  logger: Logger,
  lookMs = LOOK_MS,
  read: (path: string) => Promise<string> = (path) => readFile(path, 'utf8'),
): WatchedLimits {
  let current = config.limits;
  const stop = new AbortController();
  const { file } = config;
  const watching = file === undefined ? Promise.resolve() : follow(file);
  return {
    limits: {
      of: (organization) => current.of(organization),
      where: (organization, limit) => current.where(organization, limit),
      reason: (organization) => current.reason(organization),
    },
    async close() {
      stop.abort();
      await watching;
    },
  };

  async function follow(path: string): Promise<void> {
    const waker = new Waker();
    let fault: string | undefined;
    let seen: string | undefined;
    for (;;) {
      await waker.wait(lookMs, stop.signal);
      if (stop.signal.aborted) return;
      try {
        // The file is small: it is read each time, so that no clock has to be trusted to have seen a change.
        const text = await read(path);
        // Half of a file may be a file that opens everything: what is read counts when it is there a second time.
        const settled = text === seen;
        seen = text;
        if (!settled) continue;
        current = parseConfig(text, path).limits;
        if (fault !== undefined) logger.log('info', 'the limits are read again', { file: path });
        fault = undefined;
      } catch (error) {
        if (messageOf(error) === fault) continue;
        fault = messageOf(error);
        logger.log('warn', 'the limits stay as they were: the file cannot be used', { error: fault });
      }
    }
  }
}
