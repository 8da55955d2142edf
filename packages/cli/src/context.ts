import type { Command } from 'commander';
import { type ApiClient, apiClient } from './client.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts. A command that does not watch it ends where it stands. */
  interrupted(): AbortSignal;
  /** Reports a command's own failure without an error message of its own. */
  fail(): void;
}

interface GlobalOptions {
  url: string;
  json?: boolean;
}

/** The options that every command knows. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** The API client for a command's --url and the environment's key. */
export function clientOf(context: CommandContext, command: Command, signal?: AbortSignal): ApiClient {
  return apiClient(globalOptions(command).url, { apiKey: context.env.LAKEWRIGHT_API_KEY, signal });
}

/** Prints a value as one JSON line. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}
