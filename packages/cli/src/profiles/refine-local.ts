import {
  type Clock,
  ConfigError,
  checkRules,
  type Logger,
  messageOf,
  type ObjectInfo,
  type ObjectStore,
  overlap,
  type Rule,
  type Sql,
  Waker,
} from '@lakewright/core';
import type { SqlQueue } from '@lakewright/local';
import type { RuleSet } from '@lakewright/refine';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { guardProcess } from '../guard.ts';
import { loadHandler } from '../refine/handlers.ts';

export interface LocalRefineParts {
  readonly config: Config;
  readonly store: ObjectStore;
  readonly sql: Sql;
  /** Sets this lake's queues apart from those of others in the same database. */
  readonly storeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningRefine {
  readonly ruleSets: readonly RuleSet[];
  /** Ends the batches in progress, or leaves them to the next start. */
  close(): Promise<void>;
}

/** Between two vacuums of the queues' table. */
const MAINTENANCE_MS = 60_000;
/** How long a message stays hidden from its last sign of life: a handler that blocks for longer loses it. */
const VISIBILITY_MS = 60_000;

/**
 * Serves the rules of the configuration on this machine: a queue in the catalog's database, a listing that
 * does what EventBridge does on AWS, and the workers. Throws ConfigError.
 */
export async function startLocalRefine(parts: LocalRefineParts): Promise<RunningRefine> {
  const { config, logger, metrics } = parts;
  await checkAgainstLake(config.refine.rules);
  const refine = await import('@lakewright/refine');
  const { sqlQueue } = await import('@lakewright/local');
  const { bucket, rules } = config.refine;
  guardProcess(logger);
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const ruleSets: RuleSet[] = [];
  const shared = { ...parts, bucket, metrics: refine.refineMetrics(metrics), logger };
  for (const rule of rules) {
    await checkPrefixes(rule, parts.store);
    const handler = await loadHandler(rule, config.directory);
    const queue = await sqlQueue(parts.sql, {
      name: `${parts.storeId}/${rule.name}`,
      visibilityMs: VISIBILITY_MS,
      maxReceives: rule.maxReceives,
      clock: parts.clock,
    });
    // The directory is locked, so whoever had a message is dead.
    await queue.takeBack();
    const dependencies = { ...shared, rule, queue, handler };
    const source = new refine.InputSource(dependencies);
    running.push(refine.runRefine(dependencies, stop.signal), source.run(stop.signal));
    const announce = (info: ObjectInfo) => source.announce(info);
    ruleSets.push(refine.ruleSet({ rule, store: parts.store, queue: async () => queue, announce }));
    // One table holds all queues.
    if (ruleSets.length === 1) running.push(maintain(queue, logger, stop.signal));
  }
  return {
    ruleSets,
    async close() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** Vacuums the queues' table now and then: the embedded database does not do it by itself. */
async function maintain(queue: SqlQueue, logger: Logger, signal: AbortSignal): Promise<void> {
  const waker = new Waker();
  for (;;) {
    await waker.wait(MAINTENANCE_MS, signal);
    if (signal.aborted) return;
    await queue.maintain().catch((error: unknown) => {
      logger.log('warn', 'the queues could not be vacuumed', { error: messageOf(error) });
    });
  }
}

/** Prefixes that the store keeps for itself would only fail later. */
async function checkPrefixes(rule: Rule, store: ObjectStore): Promise<void> {
  for (const prefix of [rule.inputPrefix, ...rule.outputPrefixes]) {
    await store.head(`${prefix}x`).catch((error: unknown) => {
      throw new ConfigError(`rule ${rule.name}: ${prefix} cannot be used: ${messageOf(error)}`, {
        cause: error,
      });
    });
  }
}

/** A rule may neither take the lake's objects nor write among them. */
async function checkAgainstLake(rules: readonly Rule[]): Promise<void> {
  const { RAW_RULES } = await import('@lakewright/lake');
  checkRules([...RAW_RULES, ...rules]);
  const lakes = new Set(RAW_RULES.flatMap(({ outputPrefixes }) => outputPrefixes));
  for (const { name, outputPrefixes } of rules) {
    const clash = outputPrefixes.find((prefix) => [...lakes].some((lake) => overlap(lake, prefix)));
    if (clash !== undefined) throw new ConfigError(`rule ${name}: ${clash} belongs to the lake's tables`);
  }
}
