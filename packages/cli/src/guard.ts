import type { Logger } from '@lakewright/core';
import { reasonOf } from '@lakewright/refine';

/**
 * Keeps what a handler lets slip from ending the process or printing an object: a promise that it forgot and
 * that fails is logged by name and place; what it throws outside of any promise ends the process, logged
 * likewise. The messages of such errors may quote what they could not read.
 */
export function guardProcess(logger: Logger): void {
  process.on('unhandledRejection', (error) => {
    logger.log('error', 'a promise failed that nobody waited for', { reason: reasonOf(error) });
  });
  process.on('uncaughtException', (error) => {
    logger.log('error', 'ended by an error that nobody caught', { reason: reasonOf(error) });
    process.exit(1);
  });
}
