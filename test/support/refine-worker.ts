/**
 * A worker of its own process over real files and a real queue, to be killed: `refine-worker.ts DIRECTORY`. It
 * prints a line of JSON with the queue's counts four times a second. With `--send N` it first sends every
 * message that N inputs below RefinerInput/ make, three times.
 */
import { join } from 'node:path';
import { parseRules, silentLogger } from '@lakewright/core';
import { embeddedSql, FileObjectStore, sqlQueue } from '@lakewright/local';
import { helloWorld, inputMessage, refineMetrics, runRefine } from '@lakewright/refine';
import { Registry } from 'prom-client';

const BUCKET = 'data-repository';
const DELIVERIES = 3;

const [directory] = process.argv.slice(2);
const store = await FileObjectStore.open(join(directory, 'objects'));
const sql = await embeddedSql(join(directory, 'catalog'));
const [rule] = parseRules([{ name: 'Refiner', max_receives: 1000 }], 'test');
const queue = await sqlQueue(sql, { name: rule.name, visibilityMs: 2000, maxReceives: rule.maxReceives });

if (process.argv.includes('--send')) {
  const inputs = await Array.fromAsync(store.list(rule.inputPrefix));
  for (let i = 0; i < DELIVERIES; i++) {
    await queue.send(inputs.map((info) => ({ body: inputMessage(BUCKET, info, Date.now()).body })));
  }
  process.stdout.write(`${JSON.stringify({ sent: inputs.length * DELIVERIES })}\n`);
}

void runRefine(
  {
    rule,
    bucket: BUCKET,
    store,
    queue,
    handler: helloWorld,
    logger: silentLogger,
    metrics: refineMetrics(new Registry()),
  },
  new AbortController().signal,
);
setInterval(async () => process.stdout.write(`${JSON.stringify(await queue.counts())}\n`), 250);
