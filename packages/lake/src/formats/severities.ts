/**
 * Words that loggers use for severity, with OpenTelemetry's numbers: its data model's own names, and its
 * appendix's mapping of syslog (emergency 21, alert 19, critical 18, notice 10).
 */
const WORDS: Readonly<Record<string, number>> = {
  trace: 1,
  trc: 1,
  verbose: 1,
  finest: 1,
  debug: 5,
  dbg: 5,
  fine: 5,
  info: 9,
  inf: 9,
  information: 9,
  informational: 9,
  notice: 10,
  warn: 13,
  wrn: 13,
  warning: 13,
  error: 17,
  err: 17,
  severe: 17,
  critical: 18,
  crit: 18,
  alert: 19,
  fatal: 21,
  ftl: 21,
  panic: 21,
  emergency: 21,
  emerg: 21,
};

/** OpenTelemetry's short names with a digit: `INFO2`, `ERROR4`. */
const NUMBERED = /^(trace|debug|info|warn|error|fatal)([1-4])$/;

/**
 * The severity number, 1 to 24, of a level as a record writes it; 0 when it is not known. Numbers are
 * bunyan's and pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal, and what lies between
 * counts as the level below it.
 */
export function severityNumber(level: string): number {
  const word = level.trim().toLowerCase();
  if (Object.hasOwn(WORDS, word)) return WORDS[word];
  const numbered = NUMBERED.exec(word);
  if (numbered !== null) return WORDS[numbered[1]] + Number(numbered[2]) - 1;
  if (!/^\d{2}$/.test(word)) return 0;
  const decade = Math.min(Math.floor(Number(word) / 10), 6);
  return decade < 1 ? 0 : (decade - 1) * 4 + 1;
}
