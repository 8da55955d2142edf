import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** One command for each claim: `npm run bench -- NAME`; without a name, all of them in turn. */
const BENCHMARKS: Readonly<Record<string, string>> = {
  decode: 'OTLP protobuf to columns, one core',
  write: 'OTLP protobuf to sorted, compressed Parquet, one core',
  ingest: 'an ingest worker from claim to published segments, beside cooking alone',
  receive: 'HTTP to durable answers to Parquet, whole product, 60 s',
  fresh: 'acknowledged to queryable at 10,000 records/s',
  query: 'a set of SQL questions over demo telemetry',
  workers: 'a set of SQL questions in one process and spread over two query workers',
  start: 'start to ready, fresh and again',
  compact: 'merging small and big segments, ours and DuckDB',
  rollup: '10 M points at 10 s of 10 k series, rolled up to five lengths',
  'compact-lake': '1,000 small segments of a lake become at most 10, catalog and store included',
  plan: 'segments of a question out of 100,000, embedded and PostgreSQL',
  prune: 'bytes that a query over 7 days reads for one service, of cooked and merged segments',
  refine: 'objects through the hello-world handler, small ones and a big one',
};

const [name, ...rest] = process.argv.slice(2);
if (name !== undefined && !(name in BENCHMARKS)) {
  process.stderr.write(`bench: no benchmark is called ${JSON.stringify(name)}; there are:\n`);
  for (const [known, what] of Object.entries(BENCHMARKS))
    process.stderr.write(`  ${known.padEnd(8)} ${what}\n`);
  process.exit(2);
}
let failed = false;
for (const each of name === undefined ? Object.keys(BENCHMARKS) : [name]) {
  process.stdout.write(`\n${each}: ${BENCHMARKS[each]}\n`);
  const file = fileURLToPath(new URL(`./${each}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file, ...rest], { stdio: 'inherit' });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
