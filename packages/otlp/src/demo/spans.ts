import type { ProtoWriter } from '../wire/writer.ts';
import { GroupedRequest, intAttribute, keyValue } from './encode.ts';
import { KIND } from './operations.ts';
import { type PlannedSpan, PRODUCT_COUNT, statusOf, TracePlayer } from './plan.ts';
import { RESOURCES, SCOPES, SERVICES } from './shop.ts';

const status = intAttribute('http.response.status_code');
const productIds = Array.from({ length: PRODUCT_COUNT }, (_, n) => productId(n));
const productAttributes = productIds.map((id) => keyValue('shop.product.id', id));
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/139.0.0.0 Mobile Safari/537.36',
].map((agent) => keyValue('user_agent.original', agent));
const linkReason = keyValue('messaging.message.batch', true);
const SAMPLED = 0x1;
const SAMPLED_AND_LOCAL = 0x101;
const SAMPLED_AND_REMOTE = 0x301;
const FRONTEND = SERVICES.indexOf('frontend');

/** The catalogue number of product `n`. */
export function productId(n: number): string {
  return `SKU-${(n * 7919 + 100_000).toString(36).toUpperCase()}`;
}

/** The shop's spans, in the order of their traces. */
export class SpanStream {
  readonly #player: TracePlayer;
  readonly #request = new GroupedRequest(RESOURCES, SCOPES);
  readonly #startMicros: number;
  readonly #microsPerSpan: number;
  #next = 0;

  /** `startMicros`: µs since the epoch at which the first trace ends; `perSecond`: spans a second. */
  constructor(seed: number, startMicros: number, perSecond: number) {
    this.#player = new TracePlayer(seed);
    this.#startMicros = startMicros;
    this.#microsPerSpan = 1e6 / perSecond;
  }

  get size(): number {
    return this.#request.size;
  }

  takeRequest(): Uint8Array<ArrayBuffer> {
    return this.#request.take();
  }

  /** Adds the next `count` spans to the request under construction. */
  add(count: number): void {
    const player = this.#player;
    for (let i = 0; i < count; i++) {
      if (this.#next === player.count) {
        player.advance();
        this.#next = 0;
      }
      const span = player.spans[this.#next++];
      const rootStart = traceStart(player, this.#startMicros, this.#microsPerSpan);
      const writer = this.#request.bucket(span.instance, span.template.scope);
      writer.message(2, () => this.#span(writer, span, rootStart));
    }
  }

  #span(w: ProtoWriter, span: PlannedSpan, rootStart: number): void {
    const { template } = span;
    const player = this.#player;
    const parent = span.parent < 0 ? undefined : player.spans[span.parent];
    w.bytes(1, player.traceId);
    w.bytes(2, span.spanId);
    if (parent !== undefined) w.bytes(4, parent.spanId);
    w.bytes(5, template.nameBytes);
    w.varint(6, template.kind);
    w.fixed64(7, nanos(rootStart + span.start));
    w.fixed64(8, nanos(rootStart + span.end));
    for (const attribute of template.attributes) w.bytes(9, attribute);
    if (template.http) w.bytes(9, status(statusOf(span)));
    if (template.service === FRONTEND && parent === undefined)
      w.bytes(9, AGENTS[player.user % AGENTS.length]);
    if (template.name.endsWith('{id}')) w.bytes(9, productAttributes[player.product]);
    if (span.failed) failure(w, span, rootStart);
    if (parent === undefined && player.link !== undefined) {
      const { traceId, spanId } = player.link;
      w.message(13, () => {
        w.bytes(1, traceId);
        w.bytes(2, spanId);
        w.bytes(4, linkReason);
        w.fixed32(6, SAMPLED_AND_REMOTE);
      });
    }
    w.fixed32(16, flagsOf(span, parent));
  }
}

function failure(w: ProtoWriter, span: PlannedSpan, rootStart: number): void {
  const fault = span.origin ? span.template.failure : undefined;
  w.bytes(9, keyValue('error.type', fault?.type ?? String(statusOf(span))));
  if (fault !== undefined) {
    w.message(11, () => {
      w.fixed64(1, nanos(rootStart + span.end - 1));
      w.string(2, 'exception');
      w.bytes(3, keyValue('exception.type', fault.type));
      w.bytes(3, keyValue('exception.message', fault.message));
    });
  }
  w.message(15, () => {
    if (fault !== undefined) w.string(2, fault.message);
    w.varint(3, 2);
  });
}

/** W3C's sampled flag, with OTLP's bits that say whether the parent is remote where there is one. */
function flagsOf(span: PlannedSpan, parent: PlannedSpan | undefined): number {
  if (parent === undefined) return SAMPLED;
  return span.template.kind === KIND.server ? SAMPLED_AND_REMOTE : SAMPLED_AND_LOCAL;
}

/** µs since the epoch of the root's start: a trace ends when the first of its spans is due. */
export function traceStart(player: TracePlayer, startMicros: number, microsPerSpan: number): number {
  return startMicros + Math.trunc(player.spansBefore * microsPerSpan) - player.spans[0].end;
}

export function nanos(micros: number): bigint {
  return BigInt(micros) * 1000n;
}
