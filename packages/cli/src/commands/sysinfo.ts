import { messageOf } from '@lakewright/core';
import type { Command } from 'commander';
import { httpUrl } from '../arguments.ts';
import { type CommandContext, globalOptions, printJson } from '../context.ts';
import { humanBytes } from '../format.ts';
import { describeMachine, type Machine } from '../health/machine.ts';
import { healthPort } from '../health/port.ts';
import { printable } from '../terminal.ts';

/** A container's health command has seconds. */
const CHECK_TIMEOUT_MS = 3_000;

export function addSysinfo(program: Command, context: CommandContext): void {
  program
    .command('sysinfo')
    .description('say what a service has to work with here; with --check, whether one is healthy')
    .option(
      '--check [url]',
      'exit with 1 unless the service answers: its health port (HEALTH_CHECK_PORT), or a URL; without a path, /livez',
    )
    .action(async ({ check }: { check?: string | true }, command: Command) => {
      const json = globalOptions(command).json === true;
      if (check !== undefined) return report(context, await checkHealth(urlOf(check, context)), json);
      const machine = await describeMachine(context.env);
      if (json) printJson(context.terminal, machine);
      else context.terminal.out(describe(machine));
    });
}

interface Health {
  readonly healthy: boolean;
  readonly url: string;
  readonly status?: number;
  readonly detail: string;
}

function urlOf(check: string | true, { env }: CommandContext): string {
  const url = new URL(httpUrl(check === true ? `http://127.0.0.1:${healthPort(env)}` : check));
  if (url.pathname === '/') url.pathname = '/livez';
  return url.href;
}

async function checkHealth(url: string): Promise<Health> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS), redirect: 'manual' });
    const detail = (await response.text()).slice(0, 1000);
    return { healthy: response.ok, url, status: response.status, detail };
  } catch (error) {
    const { cause } = error as Error;
    return { healthy: false, url, detail: messageOf(cause ?? error) };
  }
}

function report(context: CommandContext, health: Health, json: boolean): void {
  const { terminal } = context;
  if (!health.healthy) context.fail();
  if (json) {
    printJson(terminal, health);
    return;
  }
  const { url, status, detail } = health;
  const said = `${status === undefined ? 'no answer' : status} ${printable(detail)}`;
  if (health.healthy) terminal.out(`${url}: ${said}\n`);
  else terminal.err(`${url}: ${said}\n`);
}

function describe({ cpus, memory, temp, ...machine }: Machine): string {
  const lines: [string, string][] = [
    ['lakewright', machine.version],
    ['node', machine.node],
    ['platform', machine.platform],
    ['host', machine.hostname],
    ['cpus', `${cpus.count} (${cpus.model}), ${cpus.usable} usable, quota ${cpus.quota ?? 'none'}`],
    [
      'memory',
      `${humanBytes(memory.total)}, ${humanBytes(memory.free)} free, container's limit ${limit(memory.limit)}, heap at most ${humanBytes(memory.heapLimit)}`,
    ],
    ['temp', `${temp.path}, ${temp.free === null ? 'unknown' : humanBytes(temp.free)} free`],
    ['open files', `${machine.openFiles ?? 'unknown'} at most`],
    ['variables set', machine.environment.join(' ') || 'none'],
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)} ${text}\n`).join('');
}

function limit(bytes: number | null): string {
  return bytes === null ? 'none' : humanBytes(bytes);
}
