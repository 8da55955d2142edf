import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends the process at SIGINT and SIGTERM, as the kernel would: the first process of a container has no default
 * action, so that a command which does not watch for an interrupt would run on until it is killed.
 */
export function endAtSignals(): void {
  for (const signal of SIGNALS) process.on(signal, end);
}

/** A command watches for an interrupt by itself. */
export function leaveSignals(): void {
  for (const signal of SIGNALS) process.off(signal, end);
}

function end(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}
