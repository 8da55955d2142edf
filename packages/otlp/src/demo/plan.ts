import { CONSUMER, JOURNEYS, KIND, PRODUCER, type SpanTemplate } from './operations.ts';
import { Random } from './random.ts';
import { INSTANCES_PER_SERVICE, instanceOf } from './shop.ts';

/** One span of the trace at hand. */
export interface PlannedSpan {
  template: SpanTemplate;
  /** Index of the parent in the plan, -1 for the root. */
  parent: number;
  instance: number;
  /** µs after the root's start. */
  start: number;
  end: number;
  readonly spanId: Uint8Array;
  /** Set where the fault happened and on everything that waited for it. */
  failed: boolean;
  /** Set only where the fault happened. */
  origin: boolean;
}

/** A span of an earlier trace that a link points to. */
export interface LinkTarget {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
}

const FAILING_TRACES = 0.05;
const FLAT_JOURNEYS: readonly SpanTemplate[] = JOURNEYS.flatMap(({ weight, root }) =>
  new Array<SpanTemplate>(weight).fill(root),
);
/** Products and users are drawn from pools of these sizes. */
export const PRODUCT_COUNT = 200;
export const USER_COUNT = 4000;

/**
 * Plays the shop's traces one after the other. The n-th trace of a seed is always the same, so that two
 * players of one seed - one that sends the spans, one that sends their logs - tell the same story.
 */
export class TracePlayer {
  readonly traceId = new Uint8Array(16);
  /** How many entries of `spans` belong to the trace at hand. */
  count = 0;
  readonly spans: PlannedSpan[] = [];
  /** Numbers of the product and the user that the trace is about. */
  product = 0;
  user = 0;
  link: LinkTarget | undefined;
  /** Spans of all traces before the one at hand. */
  spansBefore = 0;

  readonly #random: Random;
  #announced: LinkTarget | undefined;
  #replicas = 0;
  #failing = false;

  constructor(seed: number) {
    this.#random = new Random(seed, 1);
  }

  /** Moves on to the next trace. */
  advance(): void {
    const random = this.#random;
    this.spansBefore += this.count;
    this.count = 0;
    random.fill(this.traceId);
    this.#replicas = random.u32();
    this.#failing = random.chance(FAILING_TRACES);
    this.product = random.popular(PRODUCT_COUNT);
    this.user = random.popular(USER_COUNT);
    const root = random.pick(FLAT_JOURNEYS);
    this.link = root === CONSUMER ? this.#announced : undefined;
    this.#play(root, -1, 0);
  }

  /** Plays a span and what is below it; false when it failed. */
  #play(template: SpanTemplate, parent: number, start: number): boolean {
    const random = this.#random;
    const index = this.count++;
    const span = this.#slot(index, template, parent, start);
    const own = Math.max(8, Math.round(random.skewed(template.ownMicros)));
    const before = Math.max(1, Math.trunc(own * (0.2 + 0.5 * random.float())));
    let at = start + before;
    let latest = at;
    for (const child of template.children) {
      const times = child.repeat > 1 ? 1 + random.below(child.repeat) : 1;
      for (let i = 0; i < times && !span.failed; i++) {
        const played = this.count;
        span.failed = !this.#play(child, index, template.parallel ? start + before : at);
        latest = Math.max(latest, this.spans[played].end);
        at = latest + 1 + random.below(40);
      }
    }
    span.origin = this.#failing && !span.failed && template.failure !== undefined && random.chance(0.4);
    if (span.origin) {
      span.failed = true;
      this.#failing = false;
    }
    span.end = latest + Math.max(1, own - before);
    if (template === PRODUCER)
      this.#announced = { traceId: this.traceId.slice(), spanId: span.spanId.slice() };
    return !span.failed;
  }

  #slot(index: number, template: SpanTemplate, parent: number, start: number): PlannedSpan {
    let span = this.spans[index];
    if (span === undefined) {
      span = {
        template,
        parent,
        instance: 0,
        start,
        end: start,
        spanId: new Uint8Array(8),
        failed: false,
        origin: false,
      };
      this.spans.push(span);
    }
    span.template = template;
    span.parent = parent;
    span.start = start;
    span.failed = false;
    span.origin = false;
    span.instance = instanceOf(
      template.service,
      (this.#replicas >>> template.service) % INSTANCES_PER_SERVICE,
    );
    this.#random.fill(span.spanId);
    return span;
  }
}

/** The HTTP status of a planned span's answer. */
export function statusOf(span: PlannedSpan): number {
  if (span.failed) return span.template.kind === KIND.server ? 500 : 503;
  return span.template.name.startsWith('POST') ? 201 : 200;
}
