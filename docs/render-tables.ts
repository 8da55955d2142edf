import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TABLE_NAMES, TABLES } from '@lakewright/lake';

const INTRODUCTION: Readonly<Record<string, string>> = {
  logs: 'One row for each log record. Sorted by service, stream, time.',
  traces: 'One row for each span. Sorted by service, time.',
  gauge: 'One row for each gauge point. Sorted by name, series, time, as all metric tables are.',
  sum: 'One row for each sum point.',
  histogram: 'One row for each histogram point.',
  exp_histogram: 'One row for each exponential histogram point.',
  summary: 'One row for each summary point.',
  rollup_10s:
    'One row for each series and 10 s with a point of it, of all kinds of metrics. Sorted by kind and hour, then as the points are.',
  rollup_60s: 'As `rollup_10s`, for each 60 s.',
  rollup_300s: 'As `rollup_10s`, for each 300 s.',
  rollup_1200s: 'As `rollup_10s`, for each 1200 s.',
  rollup_3600s: 'As `rollup_10s`, for each 3600 s.',
};

/** docs/tables.md, from the definitions that writer and views follow. */
export function renderTables(): string {
  const parts = TABLE_NAMES.map((table) => {
    // One schema: said once.
    if (TABLES[table] === TABLES.rollup_10s && table !== 'rollup_10s') {
      return [`## ${table}`, '', INTRODUCTION[table], ''].join('\n');
    }
    const rows = TABLES[table].map(
      ({ name, type, doc, derived }) =>
        `| \`${name}\` | ${type} | ${doc}${derived === undefined ? '' : ' (computed)'} |`,
    );
    return [
      `## ${table}`,
      '',
      INTRODUCTION[table],
      '',
      '| column | type | what it holds |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [
    '# Tables',
    '',
    'Rebuilt by `npm run docs` from `packages/lake/src/tables.ts`. Times are UTC; ids are lower-case hex; a field that',
    'was not sent is NULL where NULL says something that a default would not. Columns marked as computed are in the',
    'views and not in the files.',
    '',
    ...parts,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./tables.md', import.meta.url), renderTables());
}
