import type { DecodeContext, MetricsDecoder } from '@lakewright/otlp';
import type { MetricSeries } from '../types.ts';

/** The distinct series of a batch by metric name; what is left out of the table is counted too. */
export function seriesOf(
  { metrics, series }: MetricsDecoder['index'],
  strings: DecodeContext['strings'],
): MetricSeries[] {
  const byName = new Map<number, number[]>();
  for (let i = 0; i < series.metric.length; i++) {
    const name = metrics.name[series.metric[i]];
    // As many bits of the identity as a number holds exactly.
    const id = (series.hashHi[i] & 0x1f_ffff) * 0x1_0000_0000 + (series.hashLo[i] >>> 0);
    const ids = byName.get(name);
    if (ids === undefined) byName.set(name, [id]);
    else ids.push(id);
  }
  return [...byName].map(([name, ids]) => ({ metric: strings.text(name), ids: Float64Array.from(ids) }));
}
