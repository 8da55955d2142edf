export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging. Never pass a secret or a record's content as a field. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** The same logger with `fields` on every line. */
  with(fields: LogFields): Logger;
}

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Whether a message of `level` is said where `least` is the least important level that is. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return ORDER[level] >= ORDER[least];
}

/**
 * A logger that writes one line per message: `text` for people (`12:00:01 warn message key=value`),
 * `json` for machines.
 */
export function createLogger(options: {
  level: LogLevel;
  format: 'text' | 'json';
  write: (line: string) => void;
  fields?: LogFields;
}): Logger {
  const { level: least, format, write, fields: base = {} } = options;
  return {
    log(level, message, fields = {}) {
      if (!isLogged(level, least)) return;
      const time = new Date().toISOString();
      const all = { ...base, ...fields };
      if (format === 'json') {
        write(`${JSON.stringify({ time, level, message, ...all }, jsonSafe)}\n`);
        return;
      }
      const said = Object.entries(all).filter(([, value]) => value !== undefined);
      const pairs = said.map(([key, value]) => ` ${key}=${textOf(value)}`);
      write(`${time.slice(11, 19)} ${level.padEnd(5)} ${message}${pairs.join('')}\n`);
    },
    with(fields) {
      return createLogger({ ...options, fields: { ...base, ...fields } });
    },
  };
}

/** A logger that says nothing: for tests and for libraries' own use. */
export const silentLogger: Logger = { log() {}, with: () => silentLogger };

function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return value.message;
  return value;
}

function textOf(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === 'string') return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value, jsonSafe) ?? String(value);
}
