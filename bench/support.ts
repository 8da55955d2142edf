/** What the benchmarks share: repeated measurement, medians and one way to print figures. */

export interface Measured {
  /** Records handled in one run. */
  readonly records: number;
  /** Bytes that went in. */
  readonly inputBytes: number;
  /** Bytes that came out, where something is written. */
  readonly outputBytes?: number;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The nearest-rank quantile. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** Peak resident memory of this process so far, MB. */
export function peakMemoryMb(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** Runs `work` `warmUp + runs` times and returns the seconds of the counted runs and the last result. */
export function repeat<T>(work: () => T, runs: number, warmUp: number): { seconds: number[]; last: T } {
  let last = work();
  for (let i = 1; i < warmUp; i++) last = work();
  const seconds = Array.from({ length: runs }, () => {
    const start = performance.now();
    last = work();
    return (performance.now() - start) / 1000;
  });
  return { seconds, last };
}

/** Prints one line of figures: medians, with the range of the rate behind it. */
export function printRate(name: string, measured: Measured, seconds: readonly number[]): void {
  const middle = median(seconds);
  const rate = (s: number) => thousands(measured.records / s);
  const bytes = measured.outputBytes ?? measured.inputBytes;
  const cells = [
    name.padEnd(34),
    `${rate(middle).padStart(10)} records/s`,
    `(${rate(Math.max(...seconds))} to ${rate(Math.min(...seconds))})`.padEnd(24),
    `${(measured.inputBytes / middle / 1e6).toFixed(1).padStart(7)} MB/s in`,
    `${(bytes / measured.records).toFixed(1).padStart(7)} bytes/record ${measured.outputBytes === undefined ? 'in' : 'out'}`,
    `${peakMemoryMb().toFixed(0).padStart(6)} MB peak`,
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** The value of `--name value` on the command line, else `fallback`. */
export function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}
