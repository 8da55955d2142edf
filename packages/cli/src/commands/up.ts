import type { Logger, LogLevel } from '@lakewright/core';
import { createLogger } from '@lakewright/core';
import { type Command, Option } from 'commander';
import type { Registry } from 'prom-client';
import { aborted } from '../aborted.ts';
import { configOption, port } from '../arguments.ts';
import { type CommandContext, globalOptions, printJson } from '../context.ts';
import type { LocalSettings, RunningLake } from '../profiles/local.ts';
import { styled, type Terminal } from '../terminal.ts';

interface UpOptions {
  data: string;
  host: string;
  otlpHttpPort: number;
  otlpGrpcPort: number;
  queryPort: number;
  apiKeys?: string;
  databaseUrl?: string;
  config?: string;
  logLevel: LogLevel;
}

/** Hosts that stand for every address of the machine. */
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const STOPPING = 'stopping: finishing what was accepted (interrupt again to stop at once)\n';

export function addUp(program: Command, context: CommandContext): void {
  program
    .command('up')
    .description('run the lake: receivers, ingest and query API in one process')
    .addOption(
      new Option('--data <dir>', 'where everything is kept')
        .env('LAKEWRIGHT_DATA')
        .default('./lakewright-data'),
    )
    .addOption(
      new Option('--host <address>', 'address to listen on').env('LAKEWRIGHT_HOST').default('127.0.0.1'),
    )
    .addOption(portOption('--otlp-http-port <port>', 'OTLP over HTTP', 'LAKEWRIGHT_OTLP_HTTP_PORT', 4318))
    .addOption(portOption('--otlp-grpc-port <port>', 'OTLP over gRPC', 'LAKEWRIGHT_OTLP_GRPC_PORT', 4317))
    .addOption(portOption('--query-port <port>', 'the query API', 'LAKEWRIGHT_QUERY_PORT', 7101))
    .addOption(
      new Option('--api-keys <file>', 'YAML list of {organization_id, keys}').env('LAKEWRIGHT_API_KEYS'),
    )
    .addOption(
      new Option(
        '--database-url <url>',
        'PostgreSQL for the catalog instead of the embedded one; with a password in it, use LAKEWRIGHT_DATABASE_URL or DATABASE_URL',
      ),
    )
    .addOption(configOption())
    .addOption(
      new Option('--log-level <level>', 'least important messages to log')
        .env('LAKEWRIGHT_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action((options: UpOptions, command: Command) => up(context, command, options));
}

function portOption(flags: string, what: string, variable: string, fallback: number): Option {
  return new Option(flags, `port for ${what}; 0 for any free one`)
    .env(variable)
    .default(fallback)
    .argParser(port);
}

async function up(context: CommandContext, command: Command, options: UpOptions): Promise<void> {
  const { terminal, env } = context;
  const json = globalOptions(command).json === true;
  const [{ loadConfig }, { openSecrets }, { startTelemetry }, { Registry }] = await Promise.all([
    import('../config.ts'),
    import('../secrets.ts'),
    import('../telemetry/index.ts'),
    import('prom-client'),
  ]);
  const settings: LocalSettings = {
    dataDirectory: options.data,
    host: options.host,
    otlpHttpPort: options.otlpHttpPort,
    otlpGrpcPort: options.otlpGrpcPort,
    queryPort: options.queryPort,
    apiKeysFile: options.apiKeys,
    databaseUrl: options.databaseUrl ?? env.LAKEWRIGHT_DATABASE_URL ?? env.DATABASE_URL,
    config: await loadConfig(options.config, openSecrets(env)),
  };
  const metrics = new Registry();
  const telemetry = await startTelemetry({
    environment: env,
    serviceName: 'lakewright',
    logger: createLogger({
      level: options.logLevel,
      format: json ? 'json' : 'text',
      write: terminal.err,
    }),
    level: options.logLevel,
    metrics,
  });
  try {
    await runLake(context, settings, { logger: telemetry.logger, metrics, json });
  } finally {
    await telemetry.close();
  }
}

async function runLake(
  context: CommandContext,
  settings: LocalSettings,
  { logger, metrics, json }: { logger: Logger; metrics: Registry; json: boolean },
): Promise<void> {
  const { terminal } = context;
  const stop = context.interrupted();
  if (!json) stop.addEventListener('abort', () => terminal.err(STOPPING), { once: true });
  const began = performance.now();
  const { startLocal } = await import('../profiles/local.ts');
  const lake = await startLocal(settings, logger, metrics);
  const readyMs = Math.round(performance.now() - began);
  if (stop.aborted) return lake.close();
  if (json) printJson(terminal, { ready: true, readyMs, data: settings.dataDirectory, ...lake.addresses });
  else terminal.out(welcome(terminal, settings, lake, readyMs));
  const failure = await Promise.race([aborted(stop), lake.failed]);
  if (failure !== undefined && !json) terminal.err(STOPPING);
  await lake.close();
  if (failure !== undefined) throw failure;
}

function welcome(terminal: Terminal, settings: LocalSettings, lake: RunningLake, readyMs: number): string {
  const { addresses } = lake;
  const endpoint = settings.otlpHttpPort === 4318 ? '' : ` --endpoint ${addresses.otlpHttp}`;
  const url = settings.queryPort === 7101 ? '' : ` --url ${addresses.query}`;
  const catalog = settings.databaseUrl === undefined ? 'embedded' : 'PostgreSQL';
  const lines = [
    styled(terminal, 'bold', `Lakewright is ready after ${(readyMs / 1000).toFixed(1)} s`),
    `  OTLP/HTTP   ${addresses.otlpHttp}`,
    `  OTLP/gRPC   ${addresses.otlpGrpc}`,
    `  query API   ${addresses.query}`,
    ...(ANY_ADDRESS.has(settings.host)
      ? [`  listens on  ${settings.host}: other machines can reach it`]
      : []),
    `  data        ${settings.dataDirectory} (catalog: ${catalog})`,
    ...settings.config.refine.rules.map(
      ({ name, inputPrefix, outputPrefix }) => `  rule        ${name}: ${inputPrefix} to ${outputPrefix}`,
    ),
    `  API keys    ${settings.apiKeysFile ?? 'none: this machine only'}`,
    '',
    'Next, in another shell:',
    `  npx lakewright demo --duration 10s${endpoint}`,
    `  npx lakewright query sql "select service_name, count(*) from logs group by 1"${url}`,
    `  npx lakewright tail frontend${url}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}
