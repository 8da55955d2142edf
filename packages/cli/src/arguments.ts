import { ConfigError, parseDuration } from '@lakewright/core';
import { InvalidArgumentError, Option } from 'commander';

/** Parsers for commander: each throws InvalidArgumentError, which is a usage error. */

export function port(text: string): number {
  return integerBetween(text, 0, 65_535, 'a port');
}

export function count(text: string): number {
  return integerBetween(text, 1, Number.MAX_SAFE_INTEGER, 'a count');
}

export function seed(text: string): number {
  return integerBetween(text, 0, Number.MAX_SAFE_INTEGER, 'a seed');
}

export function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('A rate is a number above 0.');
  return value;
}

/** Milliseconds. */
export function duration(text: string): number {
  let ms: number;
  try {
    ms = parseDuration(text, 'duration');
  } catch (error) {
    if (error instanceof ConfigError)
      throw new InvalidArgumentError('Write a duration like 500ms, 10s, 1m30s or 2h.');
    throw error;
  }
  if (ms <= 0) throw new InvalidArgumentError('A duration is longer than 0.');
  return ms;
}

export function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('Write a URL like http://127.0.0.1:4318.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      'Leave credentials out of the URL and put the key into LAKEWRIGHT_API_KEY.',
    );
  }
  return text.replace(/\/+$/, '');
}

/** A time as the API takes it. A duration means that long ago. */
export function time(text: string): string {
  if (/^\d+$/.test(text) || /^\d{4}-\d\d-\d\dT/.test(text)) return text;
  let ms: number;
  try {
    ms = duration(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new InvalidArgumentError(
        'Write RFC 3339 like 2026-01-02T03:04:05Z, ns since the epoch, or how long ago like 10m.',
      );
    throw error;
  }
  return String((BigInt(Date.now()) - BigInt(Math.trunc(ms))) * 1_000_000n);
}

/** Milliseconds since the epoch of RFC 3339, or of a duration ago. */
export function instantMs(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  try {
    return Date.now() - duration(text);
  } catch {
    throw new InvalidArgumentError('Write RFC 3339 like 2026-01-02T03:04:05Z, or how long ago like 10m.');
  }
}

/** The option of every command that reads lakewright.yaml. */
export function configOption(): Option {
  return new Option(
    '--config <file>',
    'rules, names and limits, or for a service env:NAME, ssm:NAME; ./lakewright.yaml where it is there',
  ).env('LAKEWRIGHT_CONFIG');
}

function integerBetween(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `${capital(what)} is an integer from ${least}.`
        : `${capital(what)} is an integer from ${least} to ${most}.`,
    );
  }
  return value;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
