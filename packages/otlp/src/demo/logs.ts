import type { ProtoWriter } from '../wire/writer.ts';
import { GroupedRequest, keyValue } from './encode.ts';
import {
  BACKGROUND_LOGS,
  FAULT_LOGS,
  type LogTemplate,
  PASSED_ON_LOGS,
  PROGRESS_LOGS,
  REQUEST_LOGS,
  SEVERITIES,
  type Severity,
  type Slot,
} from './log-templates.ts';
import { KIND } from './operations.ts';
import { type PlannedSpan, PRODUCT_COUNT, TracePlayer, USER_COUNT } from './plan.ts';
import { Random } from './random.ts';
import { INSTANCES_PER_SERVICE, instanceOf, RESOURCES, SCOPE, SCOPES } from './shop.ts';
import { nanos, productId, traceStart } from './spans.ts';

const NUMBER: Readonly<Record<Severity, number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 };
const TEXT = Object.fromEntries(
  SEVERITIES.map((severity) => [severity, new TextEncoder().encode(severity)]),
) as Record<Severity, Uint8Array>;
/** The mix of severities that background records bring about, as shares. */
const MIX: Readonly<Record<Severity, number>> = { DEBUG: 0.08, INFO: 0.85, WARN: 0.05, ERROR: 0.02 };

const userIds = Array.from({ length: USER_COUNT }, (_, n) => `u-${10_000 + n * 13}`);
const users = userIds.map((id) => keyValue('user.id', id));
const productIds = Array.from({ length: PRODUCT_COUNT }, (_, n) => productId(n));
const products = productIds.map((id) => keyValue('shop.product.id', id));
const SAMPLED = 1;

interface PlannedLog {
  template: LogTemplate;
  /** Undefined for a record outside any request. */
  span: PlannedSpan | undefined;
  instance: number;
  micros: number;
}

/** The shop's log records: those of the traces, in the order of the traces, and a background between. */
export class LogStream {
  readonly #player: TracePlayer;
  readonly #random: Random;
  readonly #request = new GroupedRequest(RESOURCES, SCOPES);
  readonly #startMicros: number;
  readonly #microsPerSpan: number;
  readonly #perSpan: number;
  readonly #planned: PlannedLog[] = [];
  readonly #written: Record<Severity, number> = { DEBUG: 0, INFO: 0, WARN: 0, ERROR: 0 };
  #plannedInAll = 0;
  #next = 0;

  /** `perSpan`: log records for each span; the rest is as for SpanStream. */
  constructor(seed: number, startMicros: number, spansPerSecond: number, perSpan: number) {
    this.#player = new TracePlayer(seed);
    this.#random = new Random(seed, 2);
    this.#startMicros = startMicros;
    this.#microsPerSpan = 1e6 / spansPerSecond;
    this.#perSpan = perSpan;
  }

  get size(): number {
    return this.#request.size;
  }

  takeRequest(): Uint8Array<ArrayBuffer> {
    return this.#request.take();
  }

  /** Adds the next `count` records to the request under construction. */
  add(count: number): void {
    for (let i = 0; i < count; i++) {
      while (this.#next === this.#planned.length) this.#advance();
      const log = this.#planned[this.#next++];
      const writer = this.#request.bucket(log.instance, SCOPE.application);
      writer.message(2, () => this.#record(writer, log));
    }
  }

  /** Plans the records of the next trace and of the time that it stands for. */
  #advance(): void {
    const player = this.#player;
    player.advance();
    this.#planned.length = 0;
    this.#next = 0;
    const rootStart = traceStart(player, this.#startMicros, this.#microsPerSpan);
    const due = Math.floor((player.spansBefore + player.count) * this.#perSpan) - this.#plannedInAll;
    for (let i = 0; i < player.count && this.#planned.length < due; i++)
      this.#ofSpan(player.spans[i], rootStart);
    if (this.#planned.length > due) this.#planned.length = due;
    for (const log of this.#planned) this.#written[log.template.severity]++;
    this.#plannedInAll += due;
    const until = rootStart + player.spans[0].end;
    while (this.#planned.length < due) this.#background(until);
    this.#planned.sort((a, b) => a.micros - b.micros);
  }

  #ofSpan(span: PlannedSpan, rootStart: number): void {
    const { template, instance } = span;
    const length = span.end - span.start;
    const add = (log: LogTemplate, micros: number) =>
      this.#planned.push({ template: log, span, instance, micros });
    if (span.origin) add(FAULT_LOGS[template.service], rootStart + span.end - 1);
    else if (span.failed && template.kind === KIND.server) {
      add(PASSED_ON_LOGS[template.service], rootStart + span.end - 1);
    } else {
      const logs = this.#logsOf(span);
      logs.forEach((log, i) => {
        add(log, rootStart + span.start + Math.trunc((length * (i + 1)) / (logs.length + 1)));
      });
    }
  }

  /** What the code in a span that goes well writes: progress first, then the operation's own records. */
  #logsOf(span: PlannedSpan): LogTemplate[] {
    const { kind, service, logs } = span.template;
    const own = logs.map((name) => REQUEST_LOGS[name]);
    if (kind === KIND.client) return own;
    const progress = PROGRESS_LOGS[service];
    const first = this.#random.below(progress.length);
    return [progress[first], progress[(first + 1) % progress.length], ...own];
  }

  /** A record outside any request, of the severity that is furthest behind its share. */
  #background(until: number): void {
    const total = this.#plannedInAll;
    let severity: Severity = 'INFO';
    let most = Number.NEGATIVE_INFINITY;
    for (const candidate of SEVERITIES) {
      const missing = MIX[candidate] * total - this.#written[candidate];
      if (missing > most) {
        most = missing;
        severity = candidate;
      }
    }
    this.#written[severity]++;
    const random = this.#random;
    const template = random.pick(BACKGROUND_LOGS[severity]);
    const replica = random.below(INSTANCES_PER_SERVICE);
    this.#planned.push({
      template,
      span: undefined,
      instance: instanceOf(template.service, replica),
      micros: until - random.below(Math.max(1, Math.trunc(this.#player.count * this.#microsPerSpan))),
    });
  }

  #record(w: ProtoWriter, log: PlannedLog): void {
    const { template, span } = log;
    const time = nanos(log.micros);
    w.fixed64(1, time);
    w.varint(2, NUMBER[template.severity]);
    w.bytes(3, TEXT[template.severity]);
    const body = this.#body(template, span);
    w.message(5, () => w.string(1, body));
    for (const attribute of template.attributes) w.bytes(6, attribute);
    if (template.withUser) w.bytes(6, users[this.#player.user]);
    if (template.withProduct) w.bytes(6, products[this.#player.product]);
    if (span?.origin) {
      w.bytes(6, keyValue('exception.type', span.template.failure?.type ?? 'Error'));
    }
    if (span !== undefined) {
      w.fixed32(8, SAMPLED);
      w.bytes(9, this.#player.traceId);
      w.bytes(10, span.spanId);
    }
    w.fixed64(11, time);
  }

  #body(template: LogTemplate, span: PlannedSpan | undefined): string {
    const { parts, slots } = template;
    let text = parts[0];
    for (let i = 0; i < slots.length; i++) text += this.#fill(slots[i], span) + parts[i + 1];
    return text;
  }

  #fill(slot: Slot, span: PlannedSpan | undefined): string {
    const random = this.#random;
    switch (slot) {
      case 'ms':
        return String(span === undefined ? random.popular(400) : Math.ceil((span.end - span.start) / 1000));
      case 'count':
        return String(1 + random.popular(24));
      case 'percent':
        return String(80 + random.below(20));
      case 'partition':
        return String(random.below(6));
      case 'amount':
        return `${5 + random.popular(120)}.${random.pick(['00', '49', '90', '95', '99'])}`;
      case 'product':
        return productIds[this.#player.product];
      case 'user':
        return userIds[this.#player.user];
      case 'order':
        return `A-${48_000_000 + this.#player.spansBefore}`;
      case 'fault':
        return span?.template.failure?.message ?? 'unknown';
    }
  }
}
