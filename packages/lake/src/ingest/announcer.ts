import { messageOf, UnavailableError } from '@lakewright/core';
import type { NewRawObject } from '../catalog/index.ts';
import type { DiscoveryContext } from './context.ts';
import type { IngestInbox } from './inbox.ts';

/** Objects written to the catalog in one statement. */
const BATCH = 500;

/** Writes the objects of an inbox to the catalog. Throws UnavailableError, having put back what is left. */
export async function announceInbox(context: DiscoveryContext, inbox: IngestInbox): Promise<void> {
  const { objects, leftOut } = inbox.takeAll();
  if (leftOut > 0) {
    context.logger.log('warn', 'the inbox was full: raw objects wait for the next listing', { leftOut });
  }
  for (let from = 0; from < objects.length; from += BATCH) {
    try {
      await announceBatch(context, objects.slice(from, from + BATCH));
    } catch (error) {
      inbox.putBack(objects.slice(from));
      throw error;
    }
  }
}

/** Announces objects; one that the catalog refuses is logged and does not keep back the others. */
export async function announceBatch(
  context: DiscoveryContext,
  objects: readonly NewRawObject[],
): Promise<void> {
  try {
    await context.catalog.announce(objects);
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    if (objects.length > 1) {
      for (const object of objects) await announceBatch(context, [object]);
      return;
    }
    context.metrics.failures.inc({ what: 'announce' });
    context.logger.log('error', 'the catalog refuses a raw object', {
      key: objects[0].key,
      error: messageOf(error),
    });
  }
}
