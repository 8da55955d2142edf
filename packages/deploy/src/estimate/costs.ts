import type { EvaluatedResource } from '../template/evaluate.ts';
import type { Json } from '../template/model.ts';
import { PRICES } from './prices.ts';

/** What is paid for a part of a resource. */
export interface Cost {
  /** What is paid for: `2 tasks of 1 vCPU and 2 GB (ARM64)`. */
  readonly what: string;
  /**
   * `fixed` has `monthlyUsd`; `usage` is paid for by use, which nobody knows beforehand; `unknown` is paid for, and not
   * in the table.
   */
  readonly kind: 'fixed' | 'usage' | 'unknown';
  /** US dollars for 730 hours, of a `fixed` cost. */
  readonly monthlyUsd?: number;
}

/** Looks up a resource of any of the stacks by what `Ref` gives. */
export type Lookup = (ref: string) => EvaluatedResource | undefined;

export function fixed(what: string, monthlyUsd: number): Cost {
  return { kind: 'fixed', what, monthlyUsd: Math.round(monthlyUsd * 100) / 100 };
}

/** A price of an hour, for a month. */
export function hourly(what: string, usd: number): Cost {
  return fixed(what, usd * PRICES.hoursPerMonth);
}

export function usage(what: string): Cost {
  return { kind: 'usage', what };
}

export function unknown(what: string): Cost {
  return { kind: 'unknown', what };
}

/** A number among properties, which may be a text. */
export function numberOf(value: Json | undefined, fallback: number): number {
  const number = Number(value ?? fallback);
  return Number.isFinite(number) ? number : fallback;
}
