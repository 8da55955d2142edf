import { createLogger, type LogLevel } from '@lakewright/core';
import { type Command, Option } from 'commander';
import { configOption } from '../arguments.ts';
import { type CommandContext, globalOptions } from '../context.ts';
import { SERVICES, type Service } from '../services/registry.ts';

interface ServiceOptions {
  config?: string;
  logLevel: LogLevel;
}

export function addService(program: Command, context: CommandContext): void {
  const services = program
    .command('service')
    .description('run one service of a lake in AWS, against its database and its buckets')
    .addHelpText(
      'after',
      '\nThe database is named by DATABASE_URL, or by LRDB_* and CONFIGDB_*. Run lakewright setup first.',
    );
  for (const service of SERVICES) {
    services
      .command(service.name)
      .description(service.description)
      .addOption(configOption())
      .addOption(
        new Option('--log-level <level>', 'least important messages to log')
          .env('LAKEWRIGHT_LOG_LEVEL')
          .choices(['debug', 'info', 'warn', 'error'])
          .default('info'),
      )
      .action((options: ServiceOptions, command: Command) => serve(context, command, service, options));
  }
}

async function serve(
  context: CommandContext,
  command: Command,
  service: Service,
  options: ServiceOptions,
): Promise<void> {
  const [
    { loadConfig },
    { openSecrets },
    { serviceSettings },
    { runService },
    { startTelemetry },
    { Registry },
  ] = await Promise.all([
    import('../config.ts'),
    import('../secrets.ts'),
    import('../services/settings.ts'),
    import('../services/run.ts'),
    import('../telemetry/index.ts'),
    import('prom-client'),
  ]);
  const settings = serviceSettings(context.env, await loadConfig(options.config, openSecrets(context.env)));
  const metrics = new Registry();
  const telemetry = await startTelemetry({
    environment: context.env,
    serviceName: `lakewright-${service.name}`,
    logger: createLogger({
      level: options.logLevel,
      format: globalOptions(command).json === true ? 'json' : 'text',
      write: context.terminal.err,
    }),
    level: options.logLevel,
    metrics,
  });
  const { logger } = telemetry;
  const stop = context.interrupted();
  stop.addEventListener('abort', () => logger.log('info', 'stopping: finishing what is in work'), {
    once: true,
  });
  try {
    await runService(service, settings, { logger, metrics }, stop);
  } finally {
    await telemetry.close();
  }
}
