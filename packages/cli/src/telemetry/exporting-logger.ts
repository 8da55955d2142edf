import { isLogged, type LogFields, type Logger, type LogLevel } from '@lakewright/core';
import { type AnyValueMap, type Logger as OtelLogger, SeverityNumber } from '@opentelemetry/api-logs';

const SEVERITIES: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

export interface ExportingOptions {
  /** Says everything as it did before. */
  readonly logger: Logger;
  readonly exported: OtelLogger;
  /** The least important level that is exported. */
  readonly level: LogLevel;
  /** Whether one more record may go out now; asked once for each. */
  readonly admit: () => boolean;
  readonly fields?: LogFields;
}

/** A logger that also exports what it says: the message is the body, the fields are attributes. */
export function exportingLogger(options: ExportingOptions): Logger {
  const { logger, exported, level: least, admit, fields: base = {} } = options;
  return {
    log(level, message, fields = {}) {
      logger.log(level, message, fields);
      if (!isLogged(level, least) || !admit()) return;
      exported.emit({
        severityNumber: SEVERITIES[level],
        severityText: level.toUpperCase(),
        body: message,
        attributes: attributesOf({ ...base, ...fields }),
      });
    },
    with: (fields) =>
      exportingLogger({ ...options, logger: logger.with(fields), fields: { ...base, ...fields } }),
  };
}

/** Fields as they stand in a line of JSON: an error is its message, and never its stack. */
function attributesOf(fields: LogFields): AnyValueMap {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    said.map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? value
        : value instanceof Error
          ? value.message
          : (JSON.stringify(value, jsonSafe) ?? String(value)),
    ]),
  );
}

function jsonSafe(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
}
