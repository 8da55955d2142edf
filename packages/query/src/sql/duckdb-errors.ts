import { LakewrightError, LimitError, messageOf } from '@lakewright/core';
import { EngineError, ForbiddenQueryError, QueryError, SegmentReadError } from '../errors.ts';
import type { SqlLimits } from '../limits.ts';
import { isObject, parseExact } from './exact-json.ts';
import { pointAt } from './text.ts';

/** What is needed to tell an asker what went wrong, in terms that are his. */
export interface ErrorContext {
  readonly sql: string;
  readonly limits: Pick<SqlLimits, 'maxQueryMemoryBytes' | 'maxSpillBytes'>;
  /** Which segment a local path holds. */
  readonly keyOf: ReadonlyMap<string, string>;
  /** Directories that no message may name. */
  readonly hidden: readonly string[];
  positionOf(byteOffset: number | undefined): number | undefined;
}

interface DuckDBFault {
  readonly type: string;
  readonly message: string;
  readonly byteOffset: number | undefined;
}

/** DuckDB's kinds of errors that the query itself is the reason of. */
const QUERY_FAULTS = new Set([
  'Binder',
  'Catalog',
  'Constraint',
  'Conversion',
  'Decimal',
  'Division by Zero',
  'Expression',
  'Invalid Input',
  'Invalid type',
  'Invalid',
  'Mismatch Type',
  'Not implemented',
  'Out of Range',
  'Parameter Not Resolved',
  'Parser',
  'Sequence',
  'Syntax',
]);

/** What the reader of a page's header says when there is none: it does not say of which file. */
const NO_PAGE =
  /^(don't know what type|TProtocolException|TTransportException|No more data to read|Invalid data)/;

/** The type of errors that are not DuckDB's, whose messages are not meant for askers. */
const UNKNOWN = '';

/** Turns an error of DuckDB into ours; errors that are ours already pass. */
export function explain(error: unknown, context: ErrorContext): LakewrightError {
  if (error instanceof LakewrightError) return error;
  const { type, message, byteOffset } = faultOf(error);
  const key = [...context.keyOf].find(([path]) => message.includes(path))?.[1];
  if (key !== undefined) return new SegmentReadError(key, withoutPaths(message, context), { cause: error });
  if (type === 'Invalid' && NO_PAGE.test(message)) return damagedPage(context, error);
  if (type === 'Out of Memory') return outOfMemory(context, error);
  if (type === UNKNOWN)
    return new EngineError('the query failed; the log of the server says more', { cause: error });
  const shown = withoutPaths(message, context);
  if (type === 'Permission') return new ForbiddenQueryError(shown, { cause: error });
  if (!QUERY_FAULTS.has(type)) return new EngineError(`${type} Error: ${shown}`, { cause: error });
  const position = context.positionOf(byteOffset);
  const where = position === undefined ? '' : `\n\n${pointAt(context.sql, position)}`;
  return new QueryError(`${type} Error: ${shown}${where}`, { position, cause: error });
}

/** The parts of an error message, which `errors_as_json` makes JSON, sometimes after a prefix. */
function faultOf(error: unknown): DuckDBFault {
  const text = messageOf(error);
  const start = text.indexOf('{"exception_type"');
  try {
    const parsed = start < 0 ? undefined : parseExact(text.slice(start));
    if (isObject(parsed)) {
      const { exception_type: type, exception_message: message, position } = parsed;
      const byteOffset = position === undefined ? undefined : Number(position);
      return { type: String(type), message: String(message), byteOffset };
    }
  } catch {
    // Not JSON after all: below is what can be said of it.
  }
  const prefix = /^([A-Z][A-Za-z ]*?) Error: /.exec(text);
  return {
    type: prefix?.[1] ?? UNKNOWN,
    message: text.slice(prefix?.[0].length ?? 0),
    byteOffset: undefined,
  };
}

function damagedPage({ keyOf }: ErrorContext, cause: unknown): SegmentReadError {
  const [first, ...others] = keyOf.values();
  const which = others.length === 0 ? first : `${first} or one of ${others.length} others`;
  return new SegmentReadError(which, 'a page of it is damaged', { cause });
}

/** DuckDB says the same of memory and of the disk that it spills to: whichever gave out last. */
function outOfMemory({ limits }: ErrorContext, cause: unknown): LimitError {
  return new LimitError(
    'maxQueryMemoryBytes',
    `the query needs more than ${limits.maxQueryMemoryBytes} bytes of memory and ${limits.maxSpillBytes} bytes ` +
      'of disk (maxSpillBytes)',
    { hint: 'narrow it, ask for fewer columns, or collect less into lists and strings', cause },
  );
}

function withoutPaths(message: string, { keyOf, hidden }: ErrorContext): string {
  let shown = message;
  for (const [path, key] of keyOf) shown = shown.replaceAll(path, key);
  for (const directory of hidden) shown = shown.replaceAll(directory, '<temporary>');
  return shown;
}
