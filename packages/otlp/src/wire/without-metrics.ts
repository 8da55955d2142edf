import { contentEnd, pastVarint, skipValue, varintValue } from './scan.ts';

/** The fields that lead from a request to its metrics: resource_metrics, scope_metrics, metrics. */
const PATH = [1, 2, 2] as const;
const METRIC_NAME = 1;
const LENGTH_DELIMITED = 2;

/** What stays of a message: ranges of the request and new lengths, in order. */
interface Kept {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
}

/**
 * An ExportMetricsServiceRequest without the metrics whose names `isOver`, every other byte as it was, and the names
 * that were left out. The very same bytes when none is. `body` must be what `inspectRequest` accepts.
 */
export function withoutMetrics(
  body: Uint8Array,
  isOver: (name: string) => boolean,
): { readonly body: Uint8Array; readonly removed: ReadonlySet<string> } {
  const removed = new Set<string>();
  const kept = filterLevel(body, 0, body.length, 0);
  return { body: removed.size === 0 ? body : Buffer.concat(kept.pieces, kept.length), removed };

  /** The message at `start..end`, which is `level` steps below the request. */
  function filterLevel(bytes: Uint8Array, start: number, end: number, level: number): Kept {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const keep = (piece: Uint8Array) => {
      pieces.push(piece);
      length += piece.length;
    };
    /** What is not yet kept and stays as it is begins here. */
    let unchanged = start;
    for (let pos = start; pos < end; ) {
      const field = fieldAt(bytes, pos, end);
      if (field.number === PATH[level] && field.wireType === LENGTH_DELIMITED) {
        const child =
          level === PATH.length - 1
            ? filterMetric(bytes, field)
            : filterLevel(bytes, field.content, field.end, level + 1);
        if (child === undefined || child.length < field.end - field.content) {
          keep(bytes.subarray(unchanged, pos));
          if (child !== undefined) {
            keep(bytes.subarray(pos, field.afterTag));
            keep(varint(child.length));
            for (const piece of child.pieces) keep(piece);
          }
          unchanged = field.end;
        }
      }
      pos = field.end;
    }
    keep(bytes.subarray(unchanged, end));
    return { pieces, length };
  }

  function filterMetric(bytes: Uint8Array, { content, end }: Field): Kept | undefined {
    const name = nameOf(bytes, content, end);
    if (!isOver(name)) return { pieces: [bytes.subarray(content, end)], length: end - content };
    removed.add(name);
    return undefined;
  }
}

interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly afterTag: number;
  /** Where its content begins, after a length where there is one. */
  readonly content: number;
  readonly end: number;
}

function fieldAt(bytes: Uint8Array, pos: number, limit: number): Field {
  const afterTag = pastVarint(bytes, pos, limit);
  const tag = varintValue(bytes, pos, afterTag);
  const number = Math.floor(tag / 8);
  const wireType = tag % 8;
  if (wireType !== LENGTH_DELIMITED) {
    return {
      number,
      wireType,
      afterTag,
      content: afterTag,
      end: skipValue(bytes, number, wireType, afterTag, limit),
    };
  }
  const content = pastVarint(bytes, afterTag, limit);
  return { number, wireType, afterTag, content, end: contentEnd(bytes, afterTag, content, limit) };
}

/** The name of a metric: of several the last counts, as everywhere in protobuf. */
function nameOf(bytes: Uint8Array, start: number, end: number): string {
  let name = '';
  for (let pos = start; pos < end; ) {
    const field = fieldAt(bytes, pos, end);
    if (field.number === METRIC_NAME && field.wireType === LENGTH_DELIMITED) {
      name = new TextDecoder().decode(bytes.subarray(field.content, field.end));
    }
    pos = field.end;
  }
  return name;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
