import { messageOf, type Signal } from '@lakewright/core';
import { jsonToProto } from '@lakewright/otlp';
import { type JsonObject, parseJson } from './json-values.ts';
import { problemAt } from './problem.ts';

/** The field of OTLP/JSON that makes an object a request of its signal. */
const REQUEST_FIELDS: Readonly<Record<string, Signal>> = {
  resourceLogs: 'logs',
  resource_logs: 'logs',
  resourceSpans: 'traces',
  resource_spans: 'traces',
  resourceMetrics: 'metrics',
  resource_metrics: 'metrics',
};
const FIRST_FIELD = /^\{\s*"(resource(?:Logs|_logs|Spans|_spans|Metrics|_metrics))"\s*:/;

/** The signal of an OTLP/JSON request as its first field says it, without parsing it. */
export function signalAtStart(text: string): Signal | undefined {
  const match = FIRST_FIELD.exec(text);
  return match === null ? undefined : REQUEST_FIELDS[match[1]];
}

/** The signal of an OTLP/JSON request, undefined when the object is something else. */
export function signalOfRequest(record: JsonObject): Signal | undefined {
  for (const [field, signal] of Object.entries(REQUEST_FIELDS)) {
    if (Array.isArray(record[field])) return signal;
  }
  return undefined;
}

/** The protobuf form of the OTLP/JSON request of `found` that starts at `line` of an object of `wanted`. */
export function transcode(wanted: Signal, found: Signal, text: string, line: number): Uint8Array {
  if (found !== wanted) {
    throw problemAt(line, `an OTLP request of ${found}, which belongs below ${found}-raw/`);
  }
  try {
    return jsonToProto(wanted, text);
  } catch (error) {
    throw problemAt(line, messageOf(error), error);
  }
}

/** The JSON value at `line`; the error says what is wrong and not what the text is. */
export function parseAt(text: string, line: number): ReturnType<typeof parseJson> {
  try {
    return parseJson(text);
  } catch (error) {
    const what = messageOf(error).replace(/, (?:\.\.\.)?".*$/s, '');
    throw problemAt(line, `not valid JSON: ${what}`);
  }
}
