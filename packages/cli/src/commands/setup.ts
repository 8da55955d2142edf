import { readFile } from 'node:fs/promises';
import { ConfigError, messageOf, type Secrets } from '@lakewright/core';
import type { SeedReport } from '@lakewright/lake';
import { type Command, Option } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../context.ts';
import type { TopicsReport } from '../kafka/make-topics.ts';
import { openSecrets } from '../secrets.ts';
import { isReference } from '../source.ts';

interface SetupOptions {
  apiKeys?: string;
  storageProfiles?: string;
  kafkaTopics?: string;
  abandonData?: boolean;
}

const HELP = `
The database is named by DATABASE_URL, or by LRDB_* and CONFIGDB_*.
Kafka topics are made only where LAKERUNNER_KAFKA_BROKERS is set, for Lakerunner's services; see docs/services.md.`;

export function addSetup(program: Command, context: CommandContext): void {
  program
    .command('setup')
    .description(
      "make or update the lake's tables, seed API keys and storage profiles, and make Kafka topics if asked to",
    )
    .addOption(
      new Option(
        '--api-keys <source>',
        'YAML list of {organization_id, keys}: a file, env:NAME, ssm:NAME or secretsmanager:ID',
      ).env('API_KEYS_FILE'),
    )
    .addOption(
      new Option(
        '--storage-profiles <source>',
        'YAML list of {organization_id, bucket, region, ...}: a file, env:NAME, ssm:NAME or secretsmanager:ID',
      ).env('STORAGE_PROFILE_FILE'),
    )
    .addOption(
      new Option(
        '--kafka-topics <source>',
        'YAML of {version: 2, defaults, workers}: a file, env:NAME, ssm:NAME or secretsmanager:ID',
      ).env('KAFKA_TOPICS_FILE'),
    )
    .option('--abandon-data', 'remove also profiles of buckets in which their organization still has data')
    .addHelpText('after', HELP)
    .action((options: SetupOptions, command: Command) => setup(context, command, options));
}

async function setup(context: CommandContext, command: Command, options: SetupOptions): Promise<void> {
  const { terminal, env } = context;
  const [{ setUp }, { databaseUrls }, { kafkaWork }] = await Promise.all([
    import('../services/setup.ts'),
    import('../services/database-url.ts'),
    import('../kafka/work.ts'),
  ]);
  const secrets = openSecrets(env);
  const remark = (line: string) => terminal.err(`${line}\n`);
  // What is asked of Kafka is known to make sense before anything is changed.
  const kafka = await kafkaWork(env, () => read(options.kafkaTopics, secrets));
  if (kafka === undefined && options.kafkaTopics) {
    remark('no Kafka topics are made: LAKERUNNER_KAFKA_BROKERS is not set');
  }
  const report = await setUp({
    databases: databaseUrls(env),
    apiKeys: await read(options.apiKeys, secrets),
    storageProfiles: await read(options.storageProfiles, secrets),
    abandonData: options.abandonData === true,
  });
  const { json } = globalOptions(command);
  if (!json) terminal.out(seedText(report));
  if (kafka === undefined) {
    if (json) printJson(terminal, report);
    return;
  }
  // Only here: nothing else pays for the client of Kafka.
  const { makeTopics } = await import('../kafka/make-topics.ts');
  const topics = await makeTopics(kafka, remark);
  if (json) printJson(terminal, { ...report, topics });
  else terminal.out(topicsText(topics));
}

function seedText({ organizations, keys, profiles }: SeedReport): string {
  return [
    'The tables are up to date.',
    `organizations     ${organizations} added`,
    `API keys          ${keys.added} added, ${keys.removed} removed`,
    `storage profiles  ${profiles.added} added, ${profiles.changed} changed, ${profiles.removed} removed`,
    '',
  ].join('\n');
}

function topicsText({ created, kept, differ }: TopicsReport): string {
  return `Kafka topics      ${created.length} added, ${kept.length} kept, ${differ.length} kept that differ\n`;
}

/** The text at `source`: a reference to a secret, or a file. */
async function read(source: string | undefined, secrets: Secrets): Promise<string | undefined> {
  if (source === undefined || source === '') return undefined;
  if (isReference(source, secrets)) return secrets.get(source);
  try {
    return await readFile(source, 'utf8');
  } catch (error) {
    throw new ConfigError(`${source} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
