import { readFile } from 'node:fs/promises';
import { ConfigError, messageOf, type Secrets } from '@lakewright/core';
import { type Command, Option } from 'commander';
import { type CommandContext, globalOptions, printJson } from '../context.ts';
import { openSecrets } from '../secrets.ts';
import { isReference } from '../source.ts';

interface SetupOptions {
  apiKeys?: string;
  storageProfiles?: string;
}

export function addSetup(program: Command, context: CommandContext): void {
  program
    .command('setup')
    .description("make or update the lake's tables, and seed API keys and storage profiles")
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
    .addHelpText('after', '\nThe database is named by DATABASE_URL, or by LRDB_* and CONFIGDB_*.')
    .action((options: SetupOptions, command: Command) => setup(context, command, options));
}

async function setup(context: CommandContext, command: Command, options: SetupOptions): Promise<void> {
  const { terminal, env } = context;
  const [{ setUp }, { databaseUrls }] = await Promise.all([
    import('../services/setup.ts'),
    import('../services/database-url.ts'),
  ]);
  const secrets = openSecrets(env);
  if (env.LAKERUNNER_KAFKA_BROKERS) {
    terminal.err('LAKERUNNER_KAFKA_BROKERS is set: no topics are made, since no service here uses Kafka\n');
  }
  const report = await setUp({
    databases: databaseUrls(env),
    apiKeys: await read(options.apiKeys, secrets),
    storageProfiles: await read(options.storageProfiles, secrets),
  });
  if (globalOptions(command).json) return printJson(terminal, report);
  const { organizations, keys, profiles } = report;
  terminal.out(
    [
      'The tables are up to date.',
      `organizations     ${organizations} added`,
      `API keys          ${keys.added} added, ${keys.removed} removed`,
      `storage profiles  ${profiles.added} added, ${profiles.changed} changed, ${profiles.removed} removed`,
      '',
    ].join('\n'),
  );
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
