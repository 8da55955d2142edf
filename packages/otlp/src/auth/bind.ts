import { BlockList, isIP } from 'node:net';
import { ConfigError } from '@lakewright/core';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Refuses to serve other machines without API keys: ConfigError when `host` is not loopback (127.0.0.0/8,
 * ::1, localhost) and `keys` is undefined or false.
 */
export function assertBindAllowed(host: string, keys: object | boolean | undefined): void {
  if (keys || isLoopback(host)) return;
  throw new ConfigError(`no API keys are configured, and ${host} can be reached from other machines`, {
    hint: 'give a file of keys with --api-keys, or listen on 127.0.0.1',
  });
}
