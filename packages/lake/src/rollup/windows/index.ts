import type { MetricTable } from '../../tables.ts';
import type { PointInputs } from '../inputs.ts';
import { DistributionPoints } from './distributions.ts';
import { ExplicitPoints } from './explicit.ts';
import { ExponentialPoints } from './exponential.ts';
import { NumberPoints } from './numbers.ts';
import { SummaryPoints } from './summaries.ts';
import type { Points } from './window.ts';

export type { Points, Window } from './window.ts';

/** The points of a table, from the first one on. */
export function pointsOf(table: MetricTable, inputs: PointInputs, hourNs: bigint): Points {
  switch (table) {
    case 'gauge':
    case 'sum':
      return new NumberPoints(inputs, hourNs, table === 'sum');
    case 'histogram':
      return new DistributionPoints(inputs, hourNs, new ExplicitPoints(inputs), { isSummary: false });
    case 'exp_histogram':
      return new DistributionPoints(inputs, hourNs, new ExponentialPoints(inputs), { isSummary: false });
    case 'summary':
      return new DistributionPoints(inputs, hourNs, new SummaryPoints(inputs), { isSummary: true });
  }
}
